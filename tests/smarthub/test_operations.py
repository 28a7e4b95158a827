import re
from collections import Counter
from pathlib import Path

from smarthub import operations
from smarthub.client import Client
from smarthub.operations import OPERATIONS, PUSHES, Certainty, RetryClass


def test_there_are_23_requests_and_nine_pushes() -> None:
    assert len(OPERATIONS) == 23
    assert len({row.id for row in OPERATIONS.values()}) == 23
    assert [push.slug for push in PUSHES] == [
        "mo-sms",
        "mt-sms-report",
        "cycle-usage",
        "imei-change",
        "no-session",
        "prepaid-expired",
        "prepaid-traffic",
        "sim-status",
        "apn-status",
    ]


def test_twelve_paths_and_21_methods_are_given() -> None:
    given = Counter(row.path_source is not Certainty.ASSUMED for row in OPERATIONS.values())
    assert given == {True: 12, False: 11}
    methods = {row.id for row in OPERATIONS.values() if row.method_source is Certainty.ASSUMED}
    assert methods == {"P1", "T1"}


def test_what_may_be_sent_again_is_what_the_contract_says() -> None:
    by_class = {retry: {row.id for row in OPERATIONS.values() if row.retry is retry} for retry in RetryClass}
    assert by_class[RetryClass.REPLACE] == {"S5", "S11"}
    assert by_class[RetryClass.ACTION] == {"S6", "S7", "S8"}
    assert by_class[RetryClass.ONCE] == {"S9", "S10", "B1", "B2", "B3", "B4", "M1"}
    assert {row.method for row in OPERATIONS.values() if row.retry is RetryClass.READ} == {"GET"}
    assert {row.id for row in OPERATIONS.values() if row.is_async} == {"B1", "B2", "B3", "B4", "M1"}


def test_every_method_of_the_client_names_its_operation() -> None:
    documented = " ".join(method.__doc__ or "" for name, method in vars(Client).items() if not name.startswith("_"))
    for row in OPERATIONS.values():
        assert f"({row.id})" in documented, row.name


def test_the_docs_tell_of_every_operation_as_it_is() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "carrier-api.md").read_text()
    words = {Certainty.SEED: "seed", Certainty.DOC: "doc", Certainty.ASSUMED: "assumed"}
    for row in OPERATIONS.values():
        facts = f"| {words[row.path_source]} | {words[row.method_source]} | {row.retry.value} |"
        assert f"`{row.method} {row.path}` {facts}" in docs, row.name
    for push in PUSHES:
        assert f"| {push.id} | `{push.slug}` |" in docs


def test_the_docs_name_only_what_is_there() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "carrier-api.md").read_text()
    files = {path.name: path.read_text() for path in Path(operations.__file__).parent.rglob("*.py")}
    source = "".join(files.values())
    for name in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", docs):
        assert name in source, name
    for name in re.findall(r"([a-z_]+\.py)`", docs):
        assert name in files, name
