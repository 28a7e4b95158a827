"""Which worker gets which tests, where each worker's stack of processes costs more than the tests on it."""

from xdist.scheduler import LoadScopeScheduling

# Files of one name share a stack; every other test goes to whoever is free, for each worker has a stack for it.
STACKS = {
    "tests/faults/test_export.py": "parts that come back",
    "tests/faults/test_intake.py": "parts that come back",
    "tests/faults/test_processes.py": "parts that come back",
    "tests/faults/test_messages.py": "messages",
    "tests/browser/test_walks.py": "walks",
}


class ByStack(LoadScopeScheduling):
    """What xdist's own `loadgroup` is for: its marks are not seen by pytest 9.2."""

    def _split_scope(self, nodeid: str) -> str:
        return STACKS.get(nodeid.partition("::")[0], nodeid)
