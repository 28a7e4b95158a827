"""Starts programs, watches them, starts them again when they end, and stops them in order."""

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType

from stack.child import Child, Program, trim_log
from stack.errors import StackError

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
"""a program that ran this long starts again without a pause worth naming"""
_TICK_S = 0.25


@dataclass(eq=False)
class Service:
    program: Program
    stop_by_s: float
    """seconds after the stop began by which it must have ended"""
    prepare: Callable[[], None] | None = None
    """runs before each start, the first and every later one"""
    wave: int = 0
    """services of one wave are told to stop together, lower waves first"""
    child: Child | None = None
    started_at: float = 0.0
    start_at: float | None = None
    failures: int = field(default=0)


class Supervisor:
    """Use as a context: signals are kept from the moment it is entered, and what runs is stopped when it is left.

    A second SIGTERM or Ctrl-C changes nothing: the stop is bounded anyway.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.services: list[Service] = []
        self.is_stopping = False
        self._is_interruptible = False
        self._reader, self._writer = os.pipe()

    def __enter__(self) -> "Supervisor":
        for end in (self._reader, self._writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_stop_signal)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        return self

    def __exit__(self, *error: object) -> None:
        self.is_stopping = True
        self.stop()
        signal.set_wakeup_fd(-1)
        self.close()

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)

    def _on_stop_signal(self, number: int, frame: FrameType | None) -> None:
        self.is_stopping = True
        if self._is_interruptible:
            self._is_interruptible = False
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Around a long step of the start: a stop signal ends it with KeyboardInterrupt."""
        if self.is_stopping:
            raise KeyboardInterrupt
        self._is_interruptible = True
        try:
            yield
        finally:
            self._is_interruptible = False

    def start(self, service: Service) -> Child:
        """Start it and keep it running from now on. Raises KeyboardInterrupt where we were told to stop."""
        if self.is_stopping:
            raise KeyboardInterrupt
        self.services.append(service)
        return self._start(service)

    def _start(self, service: Service) -> Child:
        if service.prepare is not None:
            service.prepare()
        service.child = Child(service.program)
        service.started_at, service.start_at = time.monotonic(), None
        return service.child

    def run(self, tick: Callable[[], None] | None = None) -> None:
        """Watch until a stop signal; `tick` is called a few times a second."""
        while not self.is_stopping:
            self._look_after_all()
            if tick is not None:
                tick()
            self._sleep()

    def _sleep(self) -> None:
        select.select([self._reader], [], [], _TICK_S)
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, 512)

    def _look_after_all(self) -> None:
        for service in self.services:
            if self.is_stopping:
                return
            if service.child is not None and service.child.exit_code() is not None:
                self._note_end(service)
            if service.start_at is not None and time.monotonic() >= service.start_at:
                self._start_again(service)
            trim_log(service.program.log)

    def _note_end(self, service: Service) -> None:
        assert service.child is not None
        code = service.child.exit_code()
        service.child.finish(time.monotonic())
        service.child = None
        was_steady = time.monotonic() - service.started_at >= STEADY_S
        self._plan_start(service, _ending(code), 0 if was_steady else service.failures)

    def _plan_start(self, service: Service, what: str, failures: int) -> None:
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**failures)
        service.failures = failures + 1
        service.start_at = time.monotonic() + pause
        self.say(f"{service.program.name} {what}, starts again in {pause:g} s; see {service.program.log}")

    def _start_again(self, service: Service) -> None:
        try:
            self._start(service)
        except (StackError, OSError) as error:
            self._plan_start(service, f"cannot start: {error}", service.failures)

    def pids(self) -> dict[str, int]:
        return {item.program.name: item.child.pid for item in self.services if item.child is not None}

    def stop(self) -> None:
        """Stop the running services wave by wave, each by its own deadline."""
        began = time.monotonic()
        running = [service for service in self.services if service.child is not None]
        for wave in sorted({service.wave for service in running}):
            members = [service for service in running if service.wave == wave]
            for service in members:
                _child(service).signal(service.program.stop_signal)
            for service in members:
                _child(service).finish(began + service.stop_by_s)
                service.child = None


def _child(service: Service) -> Child:
    assert service.child is not None
    return service.child


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def say(line: str) -> None:
    """One line of the supervisor's own on the terminal."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()
