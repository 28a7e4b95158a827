"""The portal's settings with one view and no middleware: Django at its lightest, with its pool."""

from smarthub_portal.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.intake_peers"
MIDDLEWARE = []
