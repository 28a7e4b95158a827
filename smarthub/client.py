"""The carrier's API, one method per operation.

Every method raises what `errors` lists; only what is particular to it is said at the method. Each answer carries
the facts of its request (`Reply`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from smarthub import calls, models, operations
from smarthub.decode import decode_sim, tables, unwrap
from smarthub.errors import ProtocolError
from smarthub.governor import Governor
from smarthub.models import Answer, RawPage
from smarthub.operations import MAX_GICCIDS_PER_QUERY, MAX_PAGE_SIZE
from smarthub.targets import check_giccids
from smarthub.transport import Limits, Transport


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

        GET /global-sims/{giccid} (S1). Raises NotFound. Safe to repeat.
        """
        answered = self._transport.send("sim_detail", {"giccid": giccid})
        try:
            record = unwrap(answered.body)
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

        GET /enterprise (E1). RecordError where an account has no name. Safe to repeat.
        """
        return calls.read_object(self._transport, "enterprise", tables.ENTERPRISE)

    def account(self, name: str) -> Answer[models.Account]:
        """One account: balance and charges in its currency, usage of the cycle in MB, SIMs by status.

        GET /account/{name} (E2). NotFound where the key does not see it. Safe to repeat.
        """
        return calls.read_object(self._transport, "account", tables.ACCOUNT, {"name": name})

    def service_packages(self, account_name: str, kind: str | None = None) -> Answer[tuple[models.ServicePackage, ...]]:
        """Every tariff of an account, all pages. Volumes are MB, messages and minutes; None is unlimited.

        GET /{accountName}/servicePackages (E3). `kind` BASIC or SUPPLEMENTARY. Raises NotFound. Safe to repeat.
        """
        path = {"account_name": account_name}
        return calls.read_list(self._transport, "service_packages", tables.SERVICE_PACKAGE, {"kind": kind}, path)
