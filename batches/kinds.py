"""What a batch can do, as a table: the row of a kind says all that planning, running and settling need of it.

Another app that stands below this one may supply a kind; `Kind` is the contract between it and the runner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sims.changes.legality import LEGALITY
from sims.models import SimCustomFields, Verb
from smarthub import Client
from smarthub.models import Answer
from sms import fates, many
from sms.fates import Fate
from users.models import User

Wanted = Mapping[str, Any]
Job = Callable[[Client, list[str], Wanted], Answer[Any]]
Call = Callable[[Client, str, Wanted], Answer[Any]]
PerSim = Callable[[Iterable[str], Wanted], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table.

    `job` hands many SIMs to the carrier at once (B1 to B4, asked about with B5), `call` one; a kind has one of them.
    `shown` is SQL over `s` (the copy of a SIM) and `w.wanted` (jsonb): whether the SIM is so already, which is also
    what proves the change. Where no record of a SIM can show it, it is "", and `known` may be SQL that tells when it is
    so already. `fits` is SQL that gives why a change cannot be for this SIM beyond its status, or "", and `follows`
    what it brings about for this one (billing, periods, what ends), for the rows of the dry run. `remember` asks,
    before the call, for what an undo needs and no record of a SIM holds. `past` and `again` are words: "3 suspended",
    "suspended already".

    A kind of another app has no `verb`, changes no SIM and so holds none: it brings its name and legality (`own_…`),
    `post` in place of `call` (it writes down what it sends for which item), and `why_not` for what it is given as a
    whole.
    `most` limits how many SIMs it takes; `too_many` tells why this person cannot start so many now. `unfit` says for
    which SIMs what is wanted does not fit after all, with why; `texts` what each gets, for the pages; `fates` what
    became of its items, in place of reading SIMs.
    """

    verb: Verb | None
    past: str
    again: str
    fields: tuple[str, ...] = ()
    job: Job | None = None
    call: Call | None = None
    shown: str = ""
    known: str = ""
    fits: str = "''"
    needs_no_protection: bool = True
    is_final: bool = False
    inverse: str = ""
    is_proven_by_reply: bool = False
    remember: Callable[[Client, str], dict[str, Any]] | None = None
    own_value: str = ""
    own_label: str = ""
    own_legality: Mapping[str, str] | None = None
    post: type[many.Post] | None = None
    why_not: Callable[[Wanted], str] | None = None
    most: int = 0
    too_many: Callable[[User, int], str] | None = None
    unfit: PerSim | None = None
    texts: PerSim | None = None
    fates: Callable[[Iterable[int]], dict[int, Fate]] | None = None
    follows: str = "''"

    @property
    def value(self) -> str:
        return self.verb.value if self.verb else self.own_value

    @property
    def label(self) -> str:
        return str(self.verb.label) if self.verb else self.own_label

    @property
    def legality(self) -> dict[str, str]:
        """Why not, by status; "" is yes, and a status that is not in it allows nothing."""
        if self.own_legality is not None:
            return dict(self.own_legality)
        return {status: why for (status, verb), why in LEGALITY.items() if verb == self.value}


# An account without a catalogue refuses nothing: then only the carrier knows.
HAS_PACKAGE = """CASE
    WHEN s.account_id IS NULL OR NOT EXISTS (
        SELECT FROM enterprise_servicepackage k WHERE k.account_id = s.account_id) THEN ''
    WHEN NOT EXISTS (SELECT FROM enterprise_servicepackage k WHERE k.account_id = s.account_id
        AND k.name = w.wanted ->> 'package' AND k.type IN ('{type}', '') AND k.gone_at IS NULL)
    THEN 'Its account has no {words} ' || (w.wanted ->> 'package') || '.' ELSE '' END"""
BASIC = HAS_PACKAGE.format(type="BASIC", words="plan")
SUPPLEMENTARY = HAS_PACKAGE.format(type="SUPPLEMENTARY", words="supplementary package")
HAS_APN = """CASE WHEN s.apns @> jsonb_build_array(jsonb_build_object('name', w.wanted ->> 'apn'))
    THEN '' ELSE 'It has no APN of this name.' END"""
APN_IS_SO = """s.apns @> jsonb_build_array(
    jsonb_build_object('name', w.wanted ->> 'apn', 'status', w.wanted ->> 'apn_status'))"""
TEXTS_ARE_SO = """EXISTS (SELECT FROM sims_simcustomfields f WHERE f.sim_id = s.id AND f.read_at >= %(fresh_since)s
    AND to_jsonb(f) @> w.wanted)"""


# What else a change brings about for a single SIM, in a few words.
HAS_TIME_LEFT = "s.package <> '' AND s.package_ends_at > now()"
DAYS = """extract(day FROM s.package_ends_at - now())::int
    || CASE extract(day FROM s.package_ends_at - now()) WHEN 1 THEN ' day' ELSE ' days' END"""
PLAN_ENDS = f"CASE WHEN {HAS_TIME_LEFT} THEN 'Plan ends, ' || {DAYS} || ' unused' END"
CLOSES = """(SELECT CASE count(*) WHEN 0 THEN NULL WHEN 1 THEN 'Closes ' || min(a ->> 'name')
    ELSE 'Closes ' || count(*) || ' APNs' END FROM jsonb_array_elements(s.apns) AS a WHERE a ->> 'status' = 'OPEN')"""
LEAVES = """(SELECT 'Leaves ' || k.share_pool_name FROM enterprise_servicepackage k
    WHERE k.account_id = s.account_id AND k.name = s.package AND k.share_pool_name <> '' LIMIT 1)"""
OF_RETIRING = f"coalesce(nullif(concat_ws(' · ', {PLAN_ENDS}, {CLOSES}, {LEAVES}), ''), 'Nothing else')"
OF_ACTIVATING = """CASE WHEN s.activated_at IS NULL THEN 'First activation: billing starts'
    WHEN s.package_ends_at <= now() THEN 'Plan has ended, starts anew' ELSE 'Plan goes on' END"""
OF_SUSPENDING = f"CASE WHEN {HAS_TIME_LEFT} THEN 'Plan goes on, ' || {DAYS} || ' left' ELSE 'Nothing else' END"
OF_ANOTHER_PLAN = f"""CASE WHEN w.wanted ->> 'effective' = 'next-cycle' THEN 'Keeps its plan until then'
    ELSE concat_ws(' · ', 'New period starts', {PLAN_ENDS}) END"""
OF_A_PACKAGE = """coalesce((SELECT 'Costs ' || trim_scale(k.price) || ' ' || k.currency
    FROM enterprise_servicepackage k WHERE k.account_id = s.account_id AND k.price IS NOT NULL
    AND k.name = w.wanted ->> 'package' LIMIT 1), '')"""


def _plan(client: Client, giccids: list[str], wanted: Wanted) -> Answer[Any]:
    return client.batch_change_basic_package(giccids, wanted["package"], wanted.get("effective") or None)


def _package(client: Client, giccid: str, wanted: Wanted) -> Answer[Any]:
    return client.add_supplementary_package(giccid, wanted["package"])


def _apn(client: Client, giccid: str, wanted: Wanted) -> Answer[Any]:
    return client.set_apn_status(giccid, wanted["apn"], wanted["apn_status"])


def _texts_before(client: Client, giccid: str) -> dict[str, Any]:
    found = client.custom_fields(giccid).value
    return {"fields": {name: getattr(found, name) or "" for name in SimCustomFields.NAMES}}


def _texts(client: Client, giccid: str, wanted: Wanted) -> Answer[Any]:
    return client.set_custom_fields(giccid, wanted)


_ROWS = (
    Kind(
        verb=Verb.ACTIVATE,
        past="activated",
        again="active already",
        job=lambda client, giccids, wanted: client.batch_activate(giccids),
        shown="s.status = 'ACTIVATED'",
        follows=OF_ACTIVATING,
        inverse="suspend",
    ),
    Kind(
        verb=Verb.SUSPEND,
        past="suspended",
        again="suspended already",
        job=lambda client, giccids, wanted: client.batch_suspend(giccids),
        shown="s.status = 'DEACTIVATED'",
        follows=OF_SUSPENDING,
        needs_no_protection=False,
        inverse="activate",
    ),
    Kind(
        verb=Verb.RETIRE,
        past="retired",
        again="retired already",
        job=lambda client, giccids, wanted: client.batch_retire(giccids),
        shown="s.status = 'RETIRED'",
        follows=OF_RETIRING,
        needs_no_protection=False,
        is_final=True,
    ),
    Kind(
        verb=Verb.CHANGE_PLAN,
        past="moved",
        again="on that plan already",
        fields=("package", "effective"),
        job=_plan,
        shown="s.package = w.wanted ->> 'package'",
        fits=BASIC,
        follows=OF_ANOTHER_PLAN,
        inverse="change-plan",
    ),
    Kind(
        verb=Verb.ADD_PACKAGE,
        past="given the package",
        again="",
        fields=("package",),
        call=_package,
        is_proven_by_reply=True,
        fits=SUPPLEMENTARY,
        follows=OF_A_PACKAGE,
    ),
    Kind(
        verb=Verb.APN,
        past="changed",
        again="so already",
        fields=("apn", "apn_status"),
        call=_apn,
        shown=APN_IS_SO,
        fits=HAS_APN,
        inverse="apn",
    ),
    Kind(
        verb=Verb.CUSTOM_FIELDS,
        past="changed",
        again="so already",
        fields=SimCustomFields.NAMES,
        call=_texts,
        remember=_texts_before,
        known=TEXTS_ARE_SO,
        inverse="custom-fields",
    ),
    Kind(
        verb=None,
        own_value="sms",
        own_label="Send SMS",
        own_legality=many.WHY_NOT,
        past="sent",
        again="",
        fields=many.FIELDS,
        post=many.Post,
        why_not=many.why_not,
        fits=many.FITS,
        most=many.MOST,
        too_many=many.too_many,
        unfit=fates.unfit,
        texts=fates.texts,
        fates=fates.fates,
        is_proven_by_reply=True,
    ),
)
KINDS: Mapping[str, Kind] = MappingProxyType({row.value: row for row in _ROWS})


def kind_of(value: str) -> Kind:
    return KINDS[value]
