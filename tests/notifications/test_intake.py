from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import LazySettings

from notifications.ids import Ids, first_id_at, received_at
from notifications.intake import body as intake_body
from notifications.intake import database
from notifications.intake.app import Intake
from notifications.intake.drain import drain, spool_folder
from notifications.intake.receipt import CannotKeep, Receipt
from notifications.intake.spool import Spool, records, segments
from notifications.intake.tokens import Known, digest_of, write_known
from notifications.models import Delivery, Untaken
from tests.notifications.requests import address, ask, push, run

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A database that nobody can reach, until `undo`."""
    nowhere = {**database.parameters(), "host": "127.0.0.1", "port": "1"}
    for module in ("committer", "drain"):
        monkeypatch.setattr(f"notifications.intake.{module}.parameters", lambda: nowhere)
    return monkeypatch


def bodies() -> list[bytes]:
    return [bytes(delivery.body) for delivery in Delivery.objects.order_by("received_at", "id")]


def test_what_came_is_kept_as_it_came() -> None:
    before = datetime.now(UTC)
    headers = [(b"content-type", b"text/plain"), (b"x-odd", b"\xff")]

    answer = push(b"\x00\xffno JSON", "imei-change", headers=headers, source="192.0.2.7")

    delivery = Delivery.objects.get()
    assert (answer.status, answer.body) == (200, b'{"status":"ok"}')
    assert (delivery.slug, delivery.source, bytes(delivery.body)) == ("imei-change", "192.0.2.7", b"\x00\xffno JSON")
    assert msgspec.json.decode(bytes(delivery.headers)) == [["content-type", "text/plain"], ["x-odd", "ÿ"]]
    assert before <= delivery.received_at <= datetime.now(UTC)
    assert delivery.received_at == received_at(delivery.id)
    assert list(Untaken.objects.values_list("received_at", "id", "slug")) == [
        (delivery.received_at, delivery.id, "imei-change")
    ]


def test_ids_grow_and_hold_their_time() -> None:
    ids = Ids()
    made = [ids.next() for _ in range(1000)]
    moment = datetime(2031, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)

    assert made == sorted(set(made))
    assert received_at(first_id_at(moment)) == moment
    assert first_id_at(received_at(made[0])) <= made[0] < first_id_at(received_at(made[0]) + timedelta(microseconds=1))


def test_concurrent_requests_are_each_kept_once() -> None:
    async def many(intake: Intake) -> list[int]:
        answers = await asyncio.gather(*(ask(intake, str(number).encode()) for number in range(300)))
        return [answer.status for answer in answers]

    assert run(many) == [200] * 300
    assert sorted(map(int, bodies())) == list(range(300))


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        (address(token="wrong"), "POST", 404),
        (address(token="wrong"), "GET", 404),
        (address(), "GET", 405),
        (address(), "HEAD", 405),
        (address(), "PUT", 405),
        (address()[:-1], "POST", 200),
        (address("a-kind-of-tomorrow"), "POST", 200),
        (address("Sim-Status"), "POST", 200),
        (address("sim/status"), "POST", 404),
        (address(""), "POST", 404),
        (address("x" * 65), "POST", 404),
        (address("a b"), "POST", 404),
        (address("\x00"), "POST", 404),
        (address(token="t" * 5000), "POST", 404),
    ],
)
def test_addresses(path: str, method: str, status: int) -> None:
    answer = run(lambda intake: ask(intake, path=path, method=method))

    assert answer.status == status
    assert Delivery.objects.count() == (status == 200)
    if status == 405:
        assert answer.headers[b"allow"] == b"POST"


def test_the_limit_is_256_kib() -> None:
    limit = intake_body.LIMIT

    assert push(b"x" * limit).status == 200
    assert push(b"x" * (limit + 1)).status == 413
    assert run(lambda intake: ask(intake, [b"x" * 1024] * 300)).status == 413
    assert run(lambda intake: ask(intake, [b"x" * 1024] * 256)).status == 200
    assert push(b"x", headers=[(b"content-length", b"9" * 400)]).status == 413
    # Who asks before sending 10 MB is told before it.
    asked = [(b"content-length", b"10000000"), (b"expect", b"100-continue")]
    assert run(lambda intake: ask(intake, [], headers=asked)).status == 413
    assert [len(body) for body in bodies()] == [limit, limit]


def test_a_body_without_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_body, "PATIENCE_S", 0.05)

    assert run(lambda intake: ask(intake, [b"{"], ends=False)).status == 408
    monkeypatch.setattr(intake_body, "THROWN_AWAY", 1 << 19)
    assert run(lambda intake: ask(intake, [b"x" * 1024] * 1000)).status == 413
    assert bodies() == []


@pytest.mark.parametrize(
    ("path", "headers", "read"), [("wrong", [], 3), ("wrong", [(b"expect", b"100-continue")], 0), (None, [], 3)]
)
def test_who_is_refused_is_heard_out_first(path: str | None, headers: list[Any], read: int) -> None:
    """A connection closed while somebody sends would take the answer with it."""

    async def refused(intake: Intake) -> tuple[int, list[Any]]:
        parts, sent = [b"x"] * 3, []

        async def receive() -> Any:
            return {"type": "http.request", "body": parts.pop(), "more_body": bool(parts)}

        async def send(message: Any) -> None:
            sent.append(message)

        method = "PUT" if path is None else "POST"
        scope = {"type": "http", "method": method, "path": address(token=path), "headers": headers}
        await intake(scope, receive, send)
        return 3 - len(parts), [message.get("status") for message in sent]

    assert run(refused) == (read, [404 if path else 405, None])
    assert bodies() == []


def test_who_is_refused_is_not_heard_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_body, "REFUSED_PATIENCE_S", 0.05)

    assert run(lambda intake: ask(intake, [b"{"], path=address(token="wrong"), ends=False)).status == 404


def test_who_goes_away_is_not_answered() -> None:
    async def gone(intake: Intake) -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await intake({"type": "http", "method": "POST", "path": address(), "headers": []}, receive, send)
        return sent

    assert run(gone) == []
    assert bodies() == []


def test_tokens_stand_beside_each_other_until_revoked() -> None:
    write_known(Known(valid=[digest_of("second")], revoked=[]))
    assert push(b"1", path_token := "sim-status").status == 200 and path_token
    assert run(lambda intake: ask(intake, b"2", path=address(token="second"))).status == 200

    write_known(Known(valid=[], revoked=[digest_of("second")]))
    assert run(lambda intake: ask(intake, b"3", path=address(token="second"))).status == 404


def test_a_file_of_tokens_that_is_rewritten_counts_within_a_second() -> None:
    async def rotated(intake: Intake) -> list[int]:
        write_known(Known(valid=[digest_of("old")]))
        statuses = [(await ask(intake, path=address(token=token))).status for token in ("old", "new")]
        write_known(Known(valid=[digest_of("new")], revoked=[digest_of("old")]))
        await asyncio.sleep(0.6)
        return statuses + [(await ask(intake, path=address(token=token))).status for token in ("old", "new")]

    assert run(rotated) == [200, 404, 404, 200]


def test_addresses_and_signatures_are_looked_at_only_where_set(settings: LazySettings) -> None:
    signed = b"1755000000." + b"{}"
    signature = b"sha256=" + hmac.new(b"a secret", signed, hashlib.sha256).hexdigest().encode()
    headers = [(b"x-smarthub-timestamp", b"1755000000"), (b"x-smarthub-signature", signature)]

    settings.PUSH_SIGNATURE_SECRET = "a secret"
    assert push(b"{}").status == 403
    assert push(b"{}", headers=headers).status == 200
    assert push(b"{ }", headers=headers).status == 403
    settings.PUSH_ADDRESSES = ("192.0.2.0/24",)
    assert push(b"{}", headers=headers, source="198.51.100.1").status == 403
    assert push(b"{}", headers=headers, source="not an address").status == 403
    assert push(b"{}", headers=headers, source="::ffff:192.0.2.9").status == 200


def test_without_a_database_it_is_spooled_and_drained_later(away: pytest.MonkeyPatch) -> None:
    async def many(intake: Intake) -> list[int]:
        return [answer.status for answer in await asyncio.gather(*(ask(intake, b"%d" % n) for n in range(50)))]

    assert run(many) == [200] * 50
    assert bodies() == []
    away.undo()

    assert drain() == 50
    assert sorted(map(int, bodies())) == list(range(50))
    assert segments(spool_folder()) == []
    assert drain() == 0


def test_a_database_that_is_back_gets_the_spool_from_the_same_process(away: pytest.MonkeyPatch) -> None:
    async def back(intake: Intake) -> None:
        await ask(intake, b"while it was away")
        away.undo()
        await asyncio.sleep(1.1)
        await ask(intake, b"after it came back")
        for _ in range(100):
            if not segments(spool_folder()):
                break
            await asyncio.sleep(0.05)

    run(back)
    assert bodies() == [b"while it was away", b"after it came back"]


def test_what_was_committed_after_all_is_not_doubled() -> None:
    push(b"committed")
    delivery = Delivery.objects.get()
    spool = Spool(spool_folder())
    spool.keep([Receipt(delivery.id, delivery.slug, "", b"[]", bytes(delivery.body))])
    spool.close()
    other = Spool(spool_folder())
    other.keep([Receipt(delivery.id, "imei-change", "", b"[]", b"another process, same microsecond")])
    other.close()

    assert drain() == 1
    assert bodies() == [b"committed", b"another process, same microsecond"]


def test_a_segment_in_use_is_left_alone_and_a_torn_one_gives_what_is_whole(tmp_path: Path) -> None:
    spool = Spool(spool_folder())
    spool.keep([Receipt(number << 10, "sim-status", "", b"[]", b"whole") for number in (1, 2)])
    assert drain() == 0
    spool.close()
    path = segments(spool_folder())[0]
    path.write_bytes(path.read_bytes() + path.read_bytes()[:40])

    assert drain() == 2
    assert [len(list(spool_folder().glob(f"*.{end}"))) for end in ("spool", "torn")] == [0, 1]


def test_a_flipped_bit_is_noticed() -> None:
    spool = Spool(spool_folder())
    spool.keep([Receipt(number, "sim-status", "", b"[]", b"whole") for number in range(3)])
    spool.close()
    content = bytearray(segments(spool_folder())[0].read_bytes())
    content[len(content) // 2] ^= 1

    assert [receipt.id for receipt, _ in records(bytes(content))] == [0]


def test_503_is_said_only_when_it_can_be_kept_nowhere(
    away: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool_folder().write_text("a file where the folder should be")

    answer = push(b"{}")

    assert answer.status == 503
    assert answer.headers[b"retry-after"] == b"60"


def test_a_full_disk_takes_back_what_was_half_written(monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(spool_folder())
    receipt = Receipt(1, "sim-status", "", b"[]", b"kept")
    spool.keep([receipt])

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(CannotKeep):
        patch.setattr("notifications.intake.spool.os.fsync", full)
        spool.keep([Receipt(2, "sim-status", "", b"[]", b"not kept")])

    assert [found.id for found, _ in records(segments(spool_folder())[0].read_bytes())] == [1]
    assert drain() == 1


def test_packed_bodies_are_kept_packed() -> None:
    packed = gzip.compress(b"{}")
    push(packed, headers=[(b"content-encoding", b"gzip")])

    assert bodies() == [packed]
