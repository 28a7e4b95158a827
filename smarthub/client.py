"""The carrier's API, one method per operation.

Every method raises what `errors` lists; only what is particular to it is said at the method. Each answer carries
the facts of its request (`Reply`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from smarthub import calls, models, operations
from smarthub.decode import decode_sim, is_of_another, tables, unwrap
from smarthub.decode.reading import Shape
from smarthub.errors import ProtocolError
from smarthub.governor import Governor
from smarthub.models import Answer, RawPage
from smarthub.operations import MAX_BATCH_ITEMS, MAX_GICCIDS_PER_QUERY, MAX_PAGE_SIZE
from smarthub.targets import check_giccids, refused, wire_time
from smarthub.transport import Limits, Transport

CODES = {"effective": operations.EFFECTIVE_TYPES, "encoding": operations.SMS_ENCODINGS}


class Client:
    """A carrier with one key. Threads may share it; `close()` gives the connections back."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        governor: Governor | None = None,
        timeout: tuple[float, float] = (operations.CONNECT_TIMEOUT_S, operations.READ_TIMEOUT_S),
        answer_limit_s: float = operations.ANSWER_LIMIT_S,
        call_limit_s: float | None = None,
        pool_size: int = 8,
        version: str = "0",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`timeout` is (connect, read); `answer_limit_s` bounds one answer, `call_limit_s` all retries together."""
        limits = Limits(*timeout, answer_limit_s, call_limit_s)
        self._transport = Transport(
            base_url=base_url,
            api_key=api_key,
            governor=governor,
            limits=limits,
            pool_size=pool_size,
            version=version,
            sleep=sleep,
        )

    def __repr__(self) -> str:
        return f"<Client of {self._transport.base_url}>"

    def close(self) -> None:
        self._transport.exchange.close()

    def read_sim(self, giccid: str) -> Answer[models.Sim]:
        """One SIM as the carrier sees it now.

        GET /global-sims/{giccid} (S1). Volumes are Decimal MB, voice whole minutes, times aware UTC.
        Raises NotFound, and RecordError where the record cannot be read. Safe to repeat.
        """
        page = self.read_sim_raw(giccid)
        return Answer(decode_sim(page.records[0]), page.reply)

    def read_sim_raw(self, giccid: str) -> RawPage:
        """One SIM as raw JSON, out of `data` where the carrier wraps it: a page of one record.

        GET /global-sims/{giccid} (S1). Raises NotFound, and ProtocolError for an answer about another SIM. Safe to
        repeat.
        """
        answered = self._transport.send("sim_detail", {"giccid": giccid})
        try:
            record = unwrap(answered.body)
            if is_of_another(record, giccid):
                raise ProtocolError(title="The answer is about another SIM")
        except ProtocolError as error:
            raise calls.placed(error, "sim_detail", answered) from None
        return RawPage([record], operations.FIRST_PAGE, 1, 1, answered.reply)

    def list_sims_raw(
        self,
        account_name: str | None = None,
        giccids: Iterable[str] | None = None,
        page: int = operations.FIRST_PAGE,
        size: int = MAX_PAGE_SIZE,
        status: str | None = None,
        *,
        po: str | None = None,
        customer_name: str | None = None,
        package: str | None = None,
    ) -> RawPage:
        """One page of SIMs as raw JSON, for `decode_sim`. Filters are exact and combine with AND.

        GET /global-sims (S2). At most 100 `giccids`, unknown ones are left out silently; the carrier may clamp
        `size`, the answer's says so. Raises ProtocolError where the page as a whole holds no list. Safe to repeat.
        """
        filters = {"status": status, "po": po, "customer_name": customer_name, "account_name": account_name}
        keys = None if giccids is None else check_giccids("sim_list", giccids, MAX_GICCIDS_PER_QUERY)
        query = {**filters, "package": package, "giccids": keys, "page": page, "size": size}
        return calls.read_page(self._transport, "sim_list", query)

    def enterprise(self) -> Answer[models.Enterprise]:
        """The enterprise of the key, with its accounts: where every sync starts.

        GET /enterprise (E1). `refused` names accounts and figures that could not be read. Safe to repeat.
        """
        return calls.read_loosely(self._transport, "enterprise", tables.ENTERPRISE)

    def account(self, name: str) -> Answer[models.Account]:
        """One account: balance and charges in its currency, usage of the cycle in MB, SIMs by status.

        GET /account/{name} (E2). NotFound where the key does not see it. Safe to repeat.
        """
        return calls.read_loosely(self._transport, "account", tables.ACCOUNT, {"name": name})

    def service_packages(self, account_name: str, kind: str | None = None) -> Answer[tuple[models.ServicePackage, ...]]:
        """Every tariff of an account, all pages. Volumes are MB, messages and minutes; None is unlimited.

        GET /{accountName}/servicePackages (E3). `kind` BASIC or SUPPLEMENTARY. Raises NotFound. Safe to repeat.
        """
        path = {"account_name": account_name}
        return calls.read_list(self._transport, "service_packages", tables.SERVICE_PACKAGE, {"kind": kind}, path)

    def share_pools(
        self, account_name: str | None = None, name: str | None = None
    ) -> Answer[tuple[models.SharePool, ...]]:
        """Every share pool, all pages. Volumes are MB.

        GET /sharePools (P1). Safe to repeat.
        """
        query = {"account_name": account_name, "name": name}
        return calls.read_list(self._transport, "share_pools", tables.SHARE_POOL, query)

    def country_statistics(
        self, account_name: str | None = None, start_date: date | None = None, end_date: date | None = None
    ) -> Answer[tuple[models.CountryUsage, ...]]:
        """Traffic in MB and number of SIMs by country, both dates included; without dates the cycle up to today.

        GET /statistics/global-sims/countryCodes (T1). At most 92 days. Safe to repeat.
        """
        query = {"account_name": account_name, "start_date": start_date, "end_date": end_date}
        return calls.read_list(self._transport, "country_statistics", tables.COUNTRY_USAGE, query)

    def sim_change_logs(
        self,
        giccids: Iterable[str] | None = None,
        kind: str | None = None,
        start_at: datetime | None = None,
        end_at: datetime | None = None,
        account_name: str | None = None,
        most: int | None = None,
    ) -> Answer[tuple[models.SimChange, ...]]:
        """The carrier's log of changes from `start_at` up to before `end_at`, newest first, all pages.

        GET /global-sims/changeLogs (S3). At most 100 `giccids` and 180 days; by default the last 30 days. With `most`
        it stops after the page that fills it. Safe to repeat.
        """
        keys = None if giccids is None else check_giccids("sim_change_logs", giccids, MAX_GICCIDS_PER_QUERY)
        query = {"giccids": keys, "kind": kind, "start_at": start_at, "end_at": end_at}
        query = {**query, "account_name": account_name}
        return calls.read_list(self._transport, "sim_change_logs", tables.SIM_CHANGE, query, most=most)

    def custom_fields(self, giccid: str) -> Answer[models.CustomFields]:
        """The five free texts of a SIM.

        GET /global-sims/{giccid}/custom-field (S4). Raises NotFound. Safe to repeat.
        """
        known = {"giccid", *operations.CUSTOM_FIELDS.values()}
        path = {"giccid": giccid}
        return calls.read_object(self._transport, "custom_field_get", tables.CUSTOM_FIELDS, path, known=known)

    def set_custom_fields(self, giccid: str, fields: Mapping[str, str | None]) -> Answer[models.CustomFields]:
        """Sets the texts named in `fields` (custom1 … custom5; None or blank clears) and keeps the others.

        PUT /global-sims/{giccid}/custom-field (S5), after a read (S4), with all five: right whether the carrier
        keeps or clears what is left out. Answers what was sent. Raises NotFound, ValidationFailed. Safe to repeat.
        """
        if not fields.keys() <= operations.CUSTOM_FIELDS.keys():
            raise refused("custom_field_put", "fields", "There are only custom1 to custom5.")
        now = self.custom_fields(giccid).value
        return self.replace_custom_fields(giccid, {**msgspec.structs.asdict(now), **fields})

    def replace_custom_fields(self, giccid: str, fields: Mapping[str, str | None]) -> Answer[models.CustomFields]:
        """Sets all five texts, custom1 to custom5; what is left out, None or blank is cleared.

        PUT /global-sims/{giccid}/custom-field (S5). Answers what was sent. Raises NotFound, ValidationFailed. Safe to
        repeat.
        """
        whole = {name: fields.get(name) or "" for name in operations.CUSTOM_FIELDS}
        answered = self._transport.send("custom_field_put", {"giccid": giccid}, body=whole)
        return Answer(models.CustomFields(**whole), answered.reply)

    def activate(self, giccid: str) -> Answer[models.Accepted]:
        """Asks to activate a SIM; read it again to see whether it is.

        POST /global-sims/{giccid}/activate (S6). Raises NotFound, IllegalStatus. After an error with an unknown
        outcome read the SIM instead of repeating.
        """
        return self._act("sim_activate", giccid)

    def suspend(self, giccid: str) -> Answer[models.Accepted]:
        """Asks to suspend a SIM; read it again to see whether it is.

        POST /global-sims/{giccid}/deactivate (S7). Raises NotFound, IllegalStatus. After an error with an unknown
        outcome read the SIM instead of repeating.
        """
        return self._act("sim_suspend", giccid)

    def retire(self, giccid: str) -> Answer[models.Accepted]:
        """Asks to retire a suspended SIM, for ever; read it again to see whether it is.

        POST /global-sims/{giccid}/retire (S8). Raises NotFound, IllegalStatus. After an error with an unknown
        outcome read the SIM instead of repeating.
        """
        return self._act("sim_retire", giccid)

    def add_supplementary_package(
        self, giccid: str, package: str, start_at: datetime | None = None
    ) -> Answer[models.PackageOrder]:
        """Buys a supplementary package, from now or from `start_at`.

        POST /global-sims/{giccid}/supplementaryServicePackages (S9). Raises NotFound, ValidationFailed,
        IllegalStatus. Never repeat it: a second call buys twice.
        """
        body = {"package": package, "start_at": None if start_at is None else wire_time(start_at)}
        return self._change("sim_add_supplementary", tables.PACKAGE_ORDER, giccid, body)

    def change_basic_package(
        self, giccid: str, package: str, effective: str | None = None
    ) -> Answer[models.PackageChange]:
        """Moves a SIM to another basic package, `effective` "now", "next-cycle", or None for the carrier's default.

        PUT /global-sims/{giccid}/basicServicePackage (S10). Raises NotFound, ValidationFailed (`already_exists`
        where the SIM has it), IllegalStatus. Never repeat it: a second paid period could start.
        """
        body = {"package": package, "effective": _code("sim_change_basic", "effective", effective)}
        return self._change("sim_change_basic", tables.PACKAGE_CHANGE, giccid, body)

    def set_apn_status(self, giccid: str, apn: str, status: str) -> Answer[models.ApnChange]:
        """Opens or closes an APN of a SIM (`status` OPEN or CLOSED); the status it has already is no error.

        PUT /global-sims/{giccid}/apnStatus (S11). Raises NotFound (SIM or APN), ValidationFailed, IllegalStatus.
        Safe to repeat.
        """
        return self._change("sim_apn_status", tables.APN_CHANGE, giccid, {"apn": apn, "status": status})

    def batch_activate(self, giccids: Iterable[str]) -> Answer[models.BatchStart]:
        """Stores a job that activates 1 to 1000 SIMs; `batch_job` tells how it went for each.

        POST /batchJobs/global-sims/activate (B1). Raises ValidationFailed. Never repeat it after an unknown outcome.
        """
        return self._start_batch("batch_activate", giccids)

    def batch_suspend(self, giccids: Iterable[str]) -> Answer[models.BatchStart]:
        """Stores a job that suspends 1 to 1000 SIMs; `batch_job` tells how it went for each.

        POST /batchJobs/global-sims/deactivate (B2). Raises ValidationFailed. Never repeat it after an unknown outcome.
        """
        return self._start_batch("batch_suspend", giccids)

    def batch_retire(self, giccids: Iterable[str]) -> Answer[models.BatchStart]:
        """Stores a job that retires 1 to 1000 SIMs, for ever; `batch_job` tells how it went for each.

        POST /batchJobs/global-sims/retire (B3). Raises ValidationFailed. Never repeat it after an unknown outcome.
        """
        return self._start_batch("batch_retire", giccids)

    def batch_change_basic_package(
        self, giccids: Iterable[str], package: str, effective: str | None = None
    ) -> Answer[models.BatchStart]:
        """Stores a job that moves 1 to 1000 SIMs to a basic package; `effective` as in `change_basic_package`.

        POST /batchJobs/global-sims/basicServicePackage (B4). Raises ValidationFailed, NotFound (no such package).
        Never repeat it after an unknown outcome.
        """
        code = _code("batch_change_basic", "effective", effective)
        return self._start_batch("batch_change_basic", giccids, package=package, effective=code)

    def batch_job(self, job_id: str) -> Answer[models.BatchJob]:
        """A job as it stands; `items` None where the carrier gives no details.

        GET /batchJobs/{jobId} (B5). NotFound after 30 days. Safe to repeat.
        """
        return calls.read_loosely(self._transport, "batch_job", tables.BATCH_JOB, {"job_id": job_id})

    def send_sms(
        self, content: str, to_giccid: str | None = None, to_msisdn: str | None = None, encoding: str = "text"
    ) -> Answer[models.SmsMessage]:
        """Hands a message to the carrier, to a SIM or a number (one of them), as "text" or "hex" digits.

        POST /mt-sms (M1). 160 GSM-7 characters, 70 others, 140 octets. Accepted is not delivered: see `sms_status`.
        Raises NotFound (no such SIM), ValidationFailed, IllegalStatus. Never repeat it: a second call sends twice.
        """
        code = _code("sms_send", "encoding", encoding)
        # The default is left out: the parameter's name is only assumed.
        body = {"content": content, "encoding": None if encoding == "text" else code}
        targets = {"to_giccid": to_giccid, "to_msisdn": to_msisdn}
        answered = self._transport.send("sms_send", body={**targets, **body})
        return calls.decoded("sms_send", tables.SMS_MESSAGE, answered)

    def sms_status(self, sms_id: str) -> Answer[models.SmsMessage]:
        """A message as it stands.

        GET /mt-sms/{smsMsgId} (M2). NotFound after 30 days. Safe to repeat.
        """
        return calls.read_loosely(self._transport, "sms_status", tables.SMS_MESSAGE, {"sms_id": sms_id})

    def _act(self, name: str, giccid: str) -> Answer[models.Accepted]:
        answered = self._transport.send(name, {"giccid": giccid})
        return calls.hint(name, tables.ACCEPTED, answered)

    def _change(self, name: str, shape: Shape, giccid: str, body: Mapping[str, Any]) -> Answer[Any]:
        answered = self._transport.send(name, {"giccid": giccid}, body=body)
        return calls.hint(name, shape, answered)

    def _start_batch(self, name: str, giccids: Iterable[str], **more: str | None) -> Answer[models.BatchStart]:
        keys = check_giccids(name, giccids, MAX_BATCH_ITEMS)
        answered = self._transport.send(name, body={"giccids": keys, **more})
        return calls.decoded(name, tables.BATCH_START, answered)


def _code(operation: str, field: str, word: str | None) -> str | None:
    if word is None:
        return None
    if word not in CODES[field]:
        raise refused(operation, field, f"One of {', '.join(CODES[field])} is taken.")
    return CODES[field][word]
