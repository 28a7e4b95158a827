import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from stack.gate import Gate, pass_gate

WAITER = "import sys; from stack.gate import pass_gate; sys.stdin.readline(); pass_gate(); print('through')"


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.close()


def waiter(gate: Gate) -> subprocess.Popen[str]:
    """It comes to the gate when it is told to."""
    return subprocess.Popen(
        [sys.executable, "-c", WAITER],
        env={**os.environ, **gate.environment}, pass_fds=(gate.waiting_end,),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_whoever_waits_goes_on_when_it_opens(gate: Gate) -> None:
    with waiter(gate) as first, waiter(gate) as second:
        for each in (first, second):
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            first.wait(0.5)
        gate.open()
        assert [each.communicate()[0] for each in (first, second)] == ["through\n", "through\n"]


def test_whoever_comes_later_passes(gate: Gate) -> None:
    gate.open()
    gate.open()
    with waiter(gate) as late:
        assert late.communicate("go\n")[0] == "through\n"


def test_nobody_is_held_where_there_is_no_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORTAL_GATE", raising=False)
    pass_gate()
    assert "PORTAL_GATE" not in os.environ
