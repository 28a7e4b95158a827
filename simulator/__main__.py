"""`python -m simulator`: the simulated carrier alone."""

import argparse
import os
import sys
from dataclasses import fields

from simulator.app import App
from simulator.clock import parse_moment
from simulator.drift import arm
from simulator.serve import listen, run
from simulator.settings import Knobs, Options
from simulator.world import World


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="The simulated SmartHub carrier.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100, help="0 picks a free one")
    parser.add_argument("--sims", type=int, default=5000, help="size of the fleet, the ten seeds included")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--accounts", type=int, help="generated accounts beside the two of the seeds")
    parser.add_argument("--now", type=parse_moment, help="a clock of its own that stands still at this time")
    parser.add_argument("--quiet", action="store_true", help="nothing happens to the fleet by itself")
    parser.add_argument("--cycle-tz", default="UTC", help="time zone of the billing cycles")
    parser.add_argument("--key", action="append", default=[], help="a further key with all rights")
    # Out of sight of those who list processes: the address holds a token.
    url, secret = (os.environ.get(f"SIMULATOR_PUSH_{name}", "") for name in ("URL", "SECRET"))
    parser.add_argument("--push-url", default=url, help="base of the receiver's addresses, loopback only")
    parser.add_argument("--push-secret", default=secret, help="signs the pushes")
    for knob in fields(Knobs):
        _add_knob(parser, knob.name, knob.type, getattr(Knobs(), knob.name))
    return parser


def _add_knob(parser: argparse.ArgumentParser, name: str, kind: object, default: object) -> None:
    flag = "--" + name.replace("_", "-")
    if kind is bool:
        parser.add_argument(flag, action="store_true")
    else:
        parser.add_argument(flag, type=int if kind is int else float, default=default)


def options_of(arguments: argparse.Namespace) -> Options:
    return Options(
        sims=arguments.sims,
        seed=arguments.seed,
        accounts=arguments.accounts,
        now=arguments.now,
        quiet=arguments.quiet,
        cycle_zone=arguments.cycle_tz,
        push_url=arguments.push_url,
        push_secret=arguments.push_secret,
        keys=tuple(arguments.key),
        knobs={knob.name: getattr(arguments, knob.name) for knob in fields(Knobs)},
    )


def main() -> None:
    arguments = _parser().parse_args()
    try:
        listener = listen(arguments.host, arguments.port)
    except OSError as error:
        sys.exit(f"simulator: cannot listen on {arguments.host}:{arguments.port}: {error.strerror}")
    try:
        world = World(options_of(arguments), on_reset=arm)
    except (ValueError, KeyError) as error:
        sys.exit(f"simulator: {error}")
    run(App(world), listener)


if __name__ == "__main__":
    main()
