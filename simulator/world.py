"""The carrier as a whole: its state, its clock and its knobs."""

import dataclasses

from simulator.catalogue import Catalogue
from simulator.clock import Clock, Cycles
from simulator.extras import Extras
from simulator.faults import Faults
from simulator.fleet import Fleet
from simulator.limits import Limiter
from simulator.recorder import Recorder
from simulator.settings import Knobs, Options

_GENERATED_ACCOUNTS = 6


class World:
    """Everything a reset puts back."""

    def __init__(self, options: Options) -> None:
        self.first_options = options
        self.clock = Clock()
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
        self.shifted = self.pages_shifted = 0

    def again(self, **changes: object) -> Options:
        """The first options with some of them changed."""
        return dataclasses.replace(self.first_options, **changes)  # type: ignore[arg-type]

    def _generated_accounts(self) -> int:
        if self.options.accounts is not None:
            return self.options.accounts
        return _GENERATED_ACCOUNTS if self.options.sims > 10 else 0
