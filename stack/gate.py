"""Holds back what is started early: it loads its code meanwhile, and goes on when there is something to work with."""

import os

_VARIABLE = "PORTAL_GATE"


class Gate:
    """Ours to open; a child inherits `waiting_end` and finds it in its environment."""

    def __init__(self) -> None:
        self.waiting_end, self._held_end = os.pipe()
        self.environment = {_VARIABLE: str(self.waiting_end)}
        self.is_open = False

    def open(self) -> None:
        """Whoever waits goes on, and whoever comes later passes."""
        if not self.is_open:
            os.close(self._held_end)
            self.is_open = True

    def close(self) -> None:
        self.open()
        os.close(self.waiting_end)


def pass_gate() -> None:
    """Wait until it is open; at once where nobody holds us back."""
    number = os.environ.pop(_VARIABLE, None)
    if number is None:
        return
    waiting_end = int(number)
    os.read(waiting_end, 1)
    os.close(waiting_end)
