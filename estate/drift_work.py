"""A comparison at work: SIMs read by name in the sync lane, a hundred a request, each held against its row."""

from __future__ import annotations

import time
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from estate.drift_compare import Difference, Suspects, differences
from estate.models import DriftCheck, DriftFinding
from journal.models import Event
from journal.record import Cause
from sims.ages import read_times
from sims.copy import Answer, keys_of, write_copy
from sims.models import Sim
from sims.sync.named import pages_named
from smarthub import Client, RawPage, RecordError, decode_sim
from smarthub.errors import CarrierError
from smarthub.operations import MAX_GICCIDS_PER_QUERY
from toolkit import lease
from toolkit.carrier_words import words_for
from toolkit.database import let_go
from toolkit.live import ring
from toolkit.stopping import is_stopping

log = structlog.get_logger(__name__)
SLICE_S = 20
State = DriftCheck.State


def unattended() -> list[int]:
    """Open comparisons that no worker holds."""
    rows = DriftCheck.objects.filter(lease.free(), state__in=DriftCheck.OPEN)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def work_slice(check_id: int, client: Client, *, slice_s: float = SLICE_S) -> bool:
    """Compare for about `slice_s` seconds; True when more is to do and nobody else does it."""
    row = DriftCheck.objects.filter(pk=check_id)
    owner = lease.claim(row.filter(state__in=DriftCheck.OPEN))
    if owner is None:
        return False
    row.filter(state=State.QUEUED).update(state=State.RUNNING, started_at=Now())
    try:
        with lease.kept(row, owner):
            return _work(check_id, owner, client, time.monotonic() + slice_s)
    except CarrierError as error:
        fail(check_id, words_for(error))
        return False
    finally:
        lease.release(row, owner)


def fail(check_id: int, why: str) -> None:
    """End it; what was compared is kept."""
    log.warning("drift_failed", check=check_id, reason=why)
    DriftCheck.objects.filter(pk=check_id, state__in=DriftCheck.OPEN).update(
        state=State.FAILED, finished_at=Now(), note=why
    )
    ring("drift", "home")


def _work(check_id: int, owner: UUID, client: Client, ends_at: float) -> bool:
    row = DriftCheck.objects.filter(pk=check_id, state__in=DriftCheck.OPEN)
    while time.monotonic() < ends_at and not is_stopping():
        check = row.first()
        if check is None or not lease.renew(row, owner):
            return False
        asked = _next(check)
        if not asked:
            row.update(state=State.FINISHED, finished_at=Now())
            ring("drift", "home")
            return False
        let_go()
        _keep(check, asked, list(pages_named(client, list(asked))))
    return True


def _next(check: DriftCheck) -> dict[str, int]:
    """The SIMs after the last one that was compared, by ICCID."""
    rows = Sim.objects.filter(pk__gt=check.reached)
    if check.sample is not None:
        rows = rows.filter(pk__in=[sim_id for sim_id in check.sim_ids if sim_id > check.reached])
    return dict(rows.order_by("pk").values_list("giccid", "pk")[:MAX_GICCIDS_PER_QUERY])


def _keep(check: DriftCheck, asked: dict[str, int], pages: list[RawPage]) -> None:
    """Hold the answers against the rows, then bring the copy up to them; all of it or nothing."""
    with transaction.atomic():
        sims = {sim.giccid: sim for sim in Sim.objects.filter(pk__in=asked.values())}
        known_at = read_times(sims.values())
        tally = _Tally(check, known_at)
        for page in pages:
            for key, raw in zip(keys_of(page.records), page.records, strict=True):
                if key in sims:
                    tally.hold(sims[key], raw, page.reply.asked_at)
        last_asked = pages[-1].reply.asked_at
        for giccid in asked.keys() - tally.seen:
            tally.miss(sims[giccid], last_asked)
        tally.settle()
        cause = Cause(Event.Cause.READ, check.requested_by_id)
        write_copy([Answer(page.records, page.reply.asked_at, is_targeted=True) for page in pages], cause=cause)
        DriftCheck.objects.filter(pk=check.pk).update(
            reached=max(asked.values()),
            compared=F("compared") + len(tally.seen),
            differing=F("differing") + tally.differing,
            absent=F("absent") + tally.absent,
            unreadable=F("unreadable") + tally.unreadable,
            moved=F("moved") + tally.moved,
            requests=F("requests") + sum(page.reply.attempts for page in pages),
        )
        ring("drift")


class _Tally:
    """What came of one question for up to a hundred SIMs."""

    def __init__(self, check: DriftCheck, known_at: dict[int, datetime]) -> None:
        self.check, self.known_at = check, known_at
        self.findings: list[DriftFinding] = []
        self.seen: set[str] = set()
        self.absent = self.unreadable = self.moved = 0

    @property
    def differing(self) -> int:
        return len({finding.sim_id for finding in self.findings if finding.cause != DriftFinding.Cause.ABSENT})

    def hold(self, sim: Sim, raw: bytes, asked_at: datetime) -> None:
        if sim.giccid in self.seen:
            return
        self.seen.add(sim.giccid)
        try:
            shown = decode_sim(raw)
        except RecordError:
            self.unreadable += 1
            return
        if sim.read_at >= asked_at:
            return  # it was read otherwise meanwhile, so our row is the fresher one
        self.moved += shown.data_usage_mb is not None and shown.data_usage_mb != sim.data_usage_mb
        for found in differences(sim, shown):
            self._note(sim, asked_at, field=found.field, ours=found.ours, theirs=found.theirs)

    def miss(self, sim: Sim, asked_at: datetime) -> None:
        """The carrier left it out; one that is called missing already is no news."""
        self.absent += 1
        if sim.missing_since is None:
            reason = "The carrier does not answer to its name; two runs in a row make it missing."
            self._note(sim, asked_at, field="sim", ours=sim.status, cause=DriftFinding.Cause.ABSENT, reason=reason)

    def _note(self, sim: Sim, seen_at: datetime, **values: str) -> None:
        ours_at = self.known_at.get(sim.pk, sim.read_at)
        self.findings.append(DriftFinding(drift=self.check, sim=sim, ours_at=ours_at, seen_at=seen_at, **values))

    def settle(self) -> None:
        """Name the likely causes and keep the findings."""
        if not self.findings:
            return
        suspects = Suspects.of({finding.sim_id for finding in self.findings})
        for finding in self.findings:
            if not finding.cause:
                found = Difference(finding.field, finding.ours, finding.theirs)
                finding.cause, finding.reason = suspects.behind(finding.sim_id, found)
        DriftFinding.objects.bulk_create(self.findings)
