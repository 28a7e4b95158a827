from pathlib import Path

import pytest
from django.test import override_settings

from smarthub_portal.programs import Programs
from stack.gate import Gate
from toolkit.carrier import changing_carrier


def test_each_change_under_way_has_a_thread_and_a_connection_of_its_own(tmp_path: Path):
    """A carrier that takes 40 s for each of a handful of changes keeps no click and no push waiting."""
    command = Programs(tmp_path, 0).worker("quick").argv
    threads = int(command[command.index("-c") + 1])
    with override_settings(SMARTHUB_BASE_URL="http://127.0.0.1:9/v1", SMARTHUB_API_KEY="x"):
        client = changing_carrier.__wrapped__()
    adapter = client._transport.exchange._session.get_adapter("http://127.0.0.1:9/v1")
    assert 24 <= threads <= adapter._pool_maxsize
    client.close()


@pytest.mark.parametrize("is_quiet", [False, True])
def test_the_simulated_fleet_is_left_alone_where_that_is_asked_for(tmp_path: Path, is_quiet: bool):
    program = Programs(tmp_path, 0).simulator(1, 60, push_url="", push_secret="", is_quiet=is_quiet)
    assert ("--quiet" in program.argv) is is_quiet


def test_web_and_workers_wait_for_the_tables_and_the_carrier_does_not(tmp_path: Path):
    gate = Gate()
    programs = Programs(tmp_path, 0, gate)
    for program in (programs.web(1, gate.waiting_end, tmp_path), programs.worker("long"), programs.worker("quick")):
        assert gate.environment.items() <= program.env.items()
        assert gate.waiting_end in program.popen["pass_fds"]
    for program in (programs.simulator(1, 60, push_url="", push_secret=""), programs.beat()):
        assert not gate.environment.items() & program.env.items()
    gate.close()
