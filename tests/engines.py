import os
import re
import shutil
import tempfile
from pathlib import Path

from stack.postgres import Postgres
from stack.valkey import Valkey

_OURS = re.compile(r"(DATABASE|REDIS)_URL|SMARTHUB_|PORTAL_|SECRET_KEY|PUBLIC_URL|TRUSTED_PROXIES|HOST$|PORT$|DEBUG$")
VALKEY_DATABASES = 64


def clean_variables() -> dict[str, str]:
    """The environment without what somebody has set for a portal."""
    return {name: value for name, value in os.environ.items() if not _OURS.match(name)}


def clean_environment() -> None:
    """What the developer has set for the portal must not reach the tests, nor may the `.env` file."""
    for name in [name for name in os.environ if _OURS.match(name)]:
        del os.environ[name]
    os.environ["PORTAL_ENV_FILE"] = os.devnull
    os.environ["SECRET_KEY"] = "for-tests-only-" + "x" * 40


class Engines:
    """Both engines in a temporary folder, announced in the environment for this process and its children."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="portal-tests-"))
        # As root the engines run as nobody, who has to get through to their own private folders.
        self.folder.chmod(0o711)
        run = self.folder / "run"
        self.postgres = Postgres(data_dir=self.folder / "postgres", run_dir=run, fast=True)
        self.valkey = Valkey(data_dir=self.folder / "valkey", run_dir=run, fast=True, databases=VALKEY_DATABASES)
        self.postgres.start()
        self.valkey.start()
        os.environ["PORTAL_DATA_DIR"] = str(self.folder / "var")
        os.environ["DATABASE_URL"] = self.postgres.url
        os.environ["PORTAL_TEST_VALKEY"] = str(self.valkey.socket_path)
        os.environ["PORTAL_TEST_PREPARED"] = str(self.folder / "prepared")

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def choose_database(worker: str | None) -> None:
    """A Valkey database of each worker's own; pytest-django does the same for PostgreSQL."""
    number = 0 if worker is None else 1 + int(worker.removeprefix("gw")) % (VALKEY_DATABASES - 1)
    os.environ["REDIS_URL"] = f"unix://{os.environ['PORTAL_TEST_VALKEY']}?db={number}"
