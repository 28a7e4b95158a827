import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from smarthub_portal.env import load
from smarthub_portal.starting import Start, Wishes
from stack.errors import StackError


class Command(BaseCommand):
    help = "Starts the whole portal on this machine and stops all of it on Ctrl-C or SIGTERM."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-simulator", action="store_true", help="do not start the simulated carrier")
        parser.add_argument("--port", type=int, help="instead of PORT; 0 takes a free one")
        parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1), help="web processes")
        parser.add_argument("--sims", type=int, default=5000, help="SIMs of the simulated carrier")
        parser.add_argument("--quiet", action="store_true", help="nothing happens to the simulated SIMs by itself")

    def handle(self, *args: Any, **options: Any) -> None:
        env = load()
        wishes = Wishes(
            port=env.PORT if options["port"] is None else options["port"],
            web_processes=max(1, options["workers"]),
            simulated_sims=options["sims"] if env.is_simulated and not options["no_simulator"] else 0,
            is_quiet=options["quiet"],
        )
        try:
            Start(env, wishes).run()
        except StackError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            sys.exit(0)
