"""The carrier as a whole: its state, its clock and its knobs."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.catalogue import Catalogue
from simulator.changelog import ChangeLog
from simulator.clock import Clock, Cycles
from simulator.courier import Courier, Target
from simulator.extras import Extras
from simulator.faults import Faults
from simulator.fleet import Fleet
from simulator.limits import Limiter
from simulator.pushes import Pushes
from simulator.recorder import Recorder
from simulator.settings import Knobs, Options

if TYPE_CHECKING:
    from simulator.jobs import Job
    from simulator.sms import Message

_GENERATED_ACCOUNTS = 6


class World:
    """Everything a reset puts back."""

    def __init__(self, options: Options, on_reset: Callable[["World"], None]) -> None:
        self.first_options = options
        self.clock = Clock()
        self.courier = Courier(self.clock, Target(), Knobs())
        self._on_reset = on_reset
        self.reset(options)

    def reset(self, options: Options | None = None) -> None:
        self.options = options or self.first_options
        self.knobs = Knobs()
        for name, value in self.options.knobs.items():
            self.knobs.turn(name, value)
        self.clock.start(self.options.now)
        self.cycles = Cycles(self.options.cycle_zone)
        self.catalogue = Catalogue.build(self._generated_accounts())
        self.fleet = Fleet(self.catalogue, self.clock, self.cycles, self.options.seed, self.options.sims)
        self.extras, self.faults = Extras(), Faults()
        self.limiter, self.recorder = Limiter(), Recorder()
        self.shifted = self.pages_shifted = self.sms_count = 0
        self.log = ChangeLog()
        self.jobs: dict[str, Job] = {}
        self.messages: dict[str, Message] = {}
        self.scheduled: dict[int, str] = {}
        self.custom: dict[int, dict[str, str | None]] = {}
        self._reset_pushes()
        self._on_reset(self)

    def _reset_pushes(self) -> None:
        self.courier.close()
        target = Target.parse(self.options.push_url, self.options.push_secret)
        self.courier = Courier(self.clock, target, self.knobs)
        self.pushes = Pushes(self.clock, self.cycles, self.catalogue, self.courier)

    def again(self, **changes: object) -> Options:
        """The first options with some of them changed."""
        return dataclasses.replace(self.first_options, **changes)  # type: ignore[arg-type]

    def _generated_accounts(self) -> int:
        if self.options.accounts is not None:
            return self.options.accounts
        return _GENERATED_ACCOUNTS if self.options.sims > 10 else 0
