"""Addresses of the engines, in the form each library wants."""

from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit


def embedded_database(data_dir: Path) -> str:
    """Where the embedded PostgreSQL would be; a command that needs it says that nothing runs there."""
    return f"postgresql://portal@{quote(str(data_dir / 'run'), safe='')}/portal"


def broker_address(redis_url: str) -> str:
    """The same Redis for Celery, which spells a Unix socket in its own way."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"
