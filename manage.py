#!/usr/bin/env python
import os
import sys


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarthub_portal.settings")
    from django.core.management import execute_from_command_line

    from smarthub_portal.env import EnvError

    try:
        if sys.argv[1:2] == ["up"]:
            start()
        else:
            execute_from_command_line(sys.argv)
    except EnvError as error:
        for problem in error.problems:
            sys.stderr.write(f"{problem}\n")
        return 2
    return 0


def start() -> None:
    """It works with no model, and people wait for it: half a second without loading them."""
    from smarthub_portal.management.commands.up import Command

    Command().run_from_argv(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
