import msgspec
import pytest
from django.db import transaction
from django.utils import timezone

from journal.models import Event
from journal.publish import Many
from journal.record import Cause, NewEvent, record
from toolkit.carrier import server

pytestmark = pytest.mark.django_db
CAUSE = Cause(Event.Cause.RUN, 3)


def write(number: int, kind: str = "sim.imei", account_id: int | None = None) -> list[int]:
    event = NewEvent(kind, "sim", "8986", timezone.now(), sim_id=5, account_id=account_id)
    return record([event] * number, cause=CAUSE)


def rung() -> list[dict[bytes, bytes]]:
    return [fields for _, fields in server().xrange("live")]


class Stop(Exception):
    pass


def test_ids_are_told_once_for_a_transaction(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        ids = [*write(2), *write(1)]
        assert rung() == []
    assert rung() == [{b"journal": " ".join(map(str, ids)).encode()}]


def test_fifty_are_named_and_more_are_counted_by_sort(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        named = write(50)
    with django_capture_on_commit_callbacks(execute=True):
        counted = [*write(49, account_id=2), *write(2, "sim.apn")]
    names, counts = rung()
    assert names == {b"journal": " ".join(map(str, named)).encode()}
    many = msgspec.json.decode(counts[b"many"], type=Many)
    assert (many.first, many.last) == (counted[0], counted[-1])
    assert many.sorts == [("sim.imei", "warning", 2, 49), ("sim.apn", "info", None, 2)]


def test_a_savepoint_rolled_back_takes_its_ids_along(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(Stop), transaction.atomic():
            write(1)
            raise Stop
        ids = write(1)
    assert rung() == [{b"journal": str(ids[0]).encode()}]


@pytest.mark.django_db(transaction=True)
def test_each_transaction_tells_of_its_own():
    with pytest.raises(Stop), transaction.atomic():
        write(1)
        raise Stop
    with transaction.atomic():
        first = write(1)
    second = write(1)
    assert [fields[b"journal"] for fields in rung()] == [str(ids[0]).encode() for ids in (first, second)]
    Event.objects.all().delete()  # a table that Django does not manage is not emptied after a test


def test_nobody_waits_for_a_valkey_that_is_away(django_capture_on_commit_callbacks, monkeypatch):
    import redis

    from toolkit import live

    monkeypatch.setattr(live, "server", lambda: redis.Redis(unix_socket_path="/nowhere/valkey.sock"))
    with django_capture_on_commit_callbacks(execute=True):
        write(1)
    assert Event.objects.count() == 1
