"""Clicks, losses, crashes and time in any order: no change is lost, none is made twice, none is told wrongly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from sims.changes import outcomes, reading, sending, settle
from sims.changes.operations import Refused, cancel, request_change, resolve
from sims.models import OpenChange, Operation, Verb
from smarthub import errors
from smarthub.models import Accepted, Answer, RawPage, Reply
from tests.sims.fleet import make_sim
from tests.sims.records import raw, record
from users.models import User

pytestmark = pytest.mark.django_db
TARGET = {"activate": "ACTIVATED", "suspend": "DEACTIVATED", "retire": "RETIRED"}
FROM = {"activate": ("DEACTIVATED",), "suspend": ("ACTIVATED",), "retire": ("DEACTIVATED",)}
FATES = ("well", "well", "slow", "lost before", "lost after", "busy", "unreachable", "no right", "crash", "crash after")
KEY = "8986011805021000004"
SHIFT = """
UPDATE sims_operation SET created_at = created_at - %(by)s, sent_at = sent_at - %(by)s,
    answered_at = answered_at - %(by)s, next_read_at = next_read_at - %(by)s, finished_at = finished_at - %(by)s;
UPDATE sims_sim SET read_at = read_at - %(by)s;
"""


class Crash(BaseException):
    """The process ends."""


class ToyCarrier:
    """One SIM at a carrier that does to each request what fate says."""

    def __init__(self) -> None:
        self.status, self.fate, self.is_up = "ACTIVATED", "well", True
        self.done: list[int] = []
        self.late: list[tuple[int, str]] = []
        self.operation = 0

    def __getattr__(self, verb: str):
        if verb not in TARGET:
            raise AttributeError(verb)
        return lambda giccid: self._act(verb)

    def _act(self, verb: str) -> Answer[Accepted]:
        fate = self.fate
        if fate in ("unreachable", "lost before"):
            raise errors.TransportError(verb, is_sent=fate == "lost before")
        if fate == "busy":
            raise errors.RateLimited(verb, status=429)
        if fate == "no right":
            raise errors.PermissionDenied(verb, status=403)
        if fate == "crash":
            raise Crash
        if self.status not in FROM[verb]:
            raise errors.IllegalStatus(verb, status=422)
        self.done.append(self.operation)
        if fate == "slow":
            self.late.append((self.operation, TARGET[verb]))
        else:
            self.status = TARGET[verb]
        if fate == "lost after":
            raise errors.ServerError(verb, status=502)
        if fate == "crash after":
            raise Crash
        return Answer(Accepted(), self._reply())

    def come_true(self) -> None:
        for _, status in self.late:
            self.status = status
        self.late.clear()

    def read_sim_raw(self, giccid: str) -> RawPage:
        if not self.is_up:
            raise errors.ServerError("sim_detail", status=503)
        found = raw(record(4, giccid=giccid, status=self.status))
        return RawPage([found], 0, 1, 1, self._reply())

    def _reply(self) -> Reply:
        return Reply(datetime.now(UTC), None, 1, 0.0)


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.sim = make_sim(KEY)
        self.user = User.objects.create_user("mara")
        self.carrier = ToyCarrier()
        self.final: dict[int, str] = {}
        self.sent: dict[int, int] = {}
        self.by_person: set[int] = set()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(sending, "changing_carrier", lambda: self.carrier)
        self.patch.setattr(reading, "carrier", lambda lane: self.carrier)
        self.patch.setattr(outcomes, "WRITING_S", 0)
        self.queue: list[int] = []
        self.patch.setattr(settle, "send_soon", self.queue.append)

    def teardown(self) -> None:
        self.patch.undo()
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @rule(verb=st.sampled_from(list(TARGET)), is_queue_there=st.booleans())
    def click(self, verb: str, is_queue_there: bool) -> None:
        held = OpenChange.objects.exists()
        try:
            operation = request_change(sim=self.sim, verb=Verb(verb), wanted={}, user=self.user)
        except Refused as refused:
            assert refused.why and (held or refused.holder is None)
            return
        assert not held
        if is_queue_there:
            self.queue.append(operation.pk)

    @precondition(lambda self: self.queue)
    @rule(fate=st.sampled_from(FATES), is_twice=st.booleans())
    def work(self, fate: str, is_twice: bool) -> None:
        pk = self.queue.pop(0)
        self.carrier.fate, self.carrier.operation = fate, pk
        for _ in range(1 + is_twice):
            try:
                sending.send(pk)
            except Crash:
                return

    @rule()
    def lose_the_queue(self) -> None:
        self.queue.clear()

    @rule()
    def somebody_cancels(self) -> None:
        for operation in Operation.objects.filter(state="queued"):
            assert cancel(operation, self.user)

    @rule(outcome=st.sampled_from(["done", "failed"]))
    def somebody_resolves(self, outcome: str) -> None:
        for operation in Operation.objects.filter(state="unknown", needs_person=True):
            assert resolve(operation, outcome=outcome, reason="asked", user=self.user)
            self.by_person.add(operation.pk)

    @rule(minutes=st.sampled_from([0.01, 1, 4, 20]))
    def time_passes(self, minutes: float) -> None:
        # What a carrier takes its time for is there within a minute.
        if minutes >= 1:
            self.carrier.come_true()
        with connection.cursor() as cursor:
            cursor.execute(SHIFT, {"by": timedelta(minutes=minutes)})

    @rule(is_up=st.booleans())
    def beat(self, is_up: bool) -> None:
        self.carrier.is_up = is_up
        settle.sweep()
        settle.settle_due()

    @invariant()
    def one_change_holds_the_sim(self) -> None:
        holding = set(Operation.objects.filter(state__in=Operation.HOLDING).values_list("pk", flat=True))
        assert set(OpenChange.objects.values_list("operation_id", flat=True)) == holding
        assert len(holding) <= 1

    @invariant()
    def nothing_is_done_twice(self) -> None:
        assert len(self.carrier.done) == len(set(self.carrier.done))

    @invariant()
    def what_is_said_is_so(self) -> None:
        for operation in Operation.objects.exclude(pk__in=self.by_person):
            was_done = operation.pk in self.carrier.done
            if operation.state in ("refused", "failed", "cancelled", "queued"):
                assert not was_done, (operation.state, operation.note)
            if operation.state in ("accepted", "done"):
                assert was_done

    @invariant()
    def the_end_is_the_end(self) -> None:
        for operation in Operation.objects.filter(finished_at__isnull=False):
            assert self.final.setdefault(operation.pk, operation.state) == operation.state

    @invariant()
    def what_waits_is_found_again(self) -> None:
        for operation in Operation.objects.filter(state__in=Operation.READABLE):
            assert operation.next_read_at is not None


def test_in_any_order(db):
    patient = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Machine, settings=patient)
