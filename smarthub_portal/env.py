"""The portal's settings as the operator gives them: environment, `.env` file, or a file a secret (`NAME_FILE`)."""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from smarthub_portal.hosts import is_loopback, join_address, origin_of, own_names

BASE_DIR = Path(__file__).resolve().parent.parent
SECRETS = (
    "DATABASE_URL",
    "REDIS_URL",
    "SMARTHUB_API_KEY",
    "SMARTHUB_WEBHOOK_TOKEN",
    "PUSH_SIGNATURE_SECRET",
    "SECRET_KEY",
    "PORTAL_ADMIN_PASSWORD",
)
_PLAIN = {
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "bool_parsing": "must be true or false",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}
WordList = Annotated[tuple[str, ...], NoDecode]


class EnvError(Exception):
    """Settings that cannot be used; one sentence each, by name, never with the value of a secret."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Env(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    DATABASE_URL: str | None = Field(None, repr=False)
    REDIS_URL: str | None = Field(None, repr=False)
    SMARTHUB_BASE_URL: str | None = None
    SMARTHUB_API_KEY: str | None = Field(None, repr=False)
    SMARTHUB_RATE_PER_MINUTE: int = Field(600, ge=1, le=1_000_000)
    SMARTHUB_PAGE_SIZE: int = Field(100, ge=1, le=1000)
    SMARTHUB_WEBHOOK_TOKEN: str | None = Field(None, repr=False)
    SYNC_INTERVAL_MINUTES: int = Field(60, ge=1, le=10_080)
    BILLING_TIME_ZONE: str = "UTC"
    BATCH_JOB_SIZE: int = Field(1000, ge=1, le=1000)
    JOB_HORIZON_HOURS: int = Field(24, ge=1, le=720)
    PUSH_RETENTION_DAYS: int = Field(400, ge=1, le=3650)
    PUSH_SILENCE_HOURS: int = Field(26, ge=1, le=720)
    PUSH_SIGNATURE_SECRET: str | None = Field(None, repr=False)
    PUSH_ADDRESSES: WordList = ()
    SMS_RETENTION_DAYS: int = Field(400, ge=1, le=3650)
    SMS_PER_USER_HOUR: int = Field(1000, ge=1, le=1_000_000)
    SMS_TO_MANY_PER_USER_HOUR: int = Field(20_000, ge=1, le=10_000_000)
    SMS_PER_SIM_HOUR: int = Field(20, ge=1, le=10_000)
    SECRET_KEY: str | None = Field(None, repr=False)
    HOST: str = "127.0.0.1"
    PORT: int = Field(8000, ge=0, le=65535)
    PUBLIC_URL: str | None = None
    ALLOWED_HOSTS: WordList = ()
    CSRF_TRUSTED_ORIGINS: WordList = ()
    TRUSTED_PROXIES: WordList = ()
    PORTAL_DATA_DIR: Path = Path("var")
    PORTAL_ADMIN_USERNAME: str = "admin"
    PORTAL_ADMIN_PASSWORD: str | None = Field(None, repr=False)
    DEBUG: bool = False

    @field_validator("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "TRUSTED_PROXIES", "PUSH_ADDRESSES", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("DATABASE_URL", "REDIS_URL")
    @classmethod
    def _engine_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        known = ("postgres", "postgresql") if info.field_name == "DATABASE_URL" else ("redis", "rediss", "unix")
        if value is not None and urlsplit(value).scheme not in known:
            raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in known)}")
        return value

    @field_validator("SMARTHUB_BASE_URL")
    @classmethod
    def _carrier_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        value = value.rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address such as https://api.smh.smarthing.com/v1")
        if not parts.path.endswith("/v1"):
            raise ValueError("must end in /v1")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("must begin with https://, or the API key would travel in the clear")
        return value

    @field_validator("PUBLIC_URL")
    @classmethod
    def _public_address(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
                raise ValueError("must be an address without a path, such as https://sims.example.com")
        return value.rstrip("/") if value else None

    @field_validator("BILLING_TIME_ZONE")
    @classmethod
    def _time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("must be a time zone such as Europe/Berlin") from error
        return value

    @field_validator("TRUSTED_PROXIES", "PUSH_ADDRESSES")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for item in value:
            try:
                ipaddress.ip_network(item, strict=False)
            except ValueError as error:
                raise ValueError("must be IP addresses or networks, such as 10.0.0.0/8, with commas between") from error
        return value

    @field_validator("SECRET_KEY")
    @classmethod
    def _long_enough(cls, value: str | None) -> str | None:
        if value is not None and len(value) < 32:
            raise ValueError("must be at least 32 characters long")
        return value

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *others: Any, **named: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over: it has put environment, file and secret files in order."""
        return (init_settings,)

    @property
    def is_simulated(self) -> bool:
        return not self.SMARTHUB_API_KEY and not self.SMARTHUB_BASE_URL

    @property
    def data_dir(self) -> Path:
        return (BASE_DIR / self.PORTAL_DATA_DIR.expanduser()).absolute()

    @property
    def public_url(self) -> str:
        host = self.HOST if self.HOST not in ("0.0.0.0", "::", "") else "localhost"  # noqa: S104
        return self.PUBLIC_URL or f"http://{join_address(host, self.PORT)}"

    @property
    def allowed_hosts(self) -> list[str]:
        """As given; else the host of PUBLIC_URL, and this machine's own names where none was given either."""
        if self.ALLOWED_HOSTS:
            return list(self.ALLOWED_HOSTS)
        public = urlsplit(self.public_url).hostname or ""
        names = [] if self.PUBLIC_URL else own_names(self.HOST)
        return sorted({f"[{public}]" if ":" in public else public, "127.0.0.1", "[::1]", "localhost", *names})

    @property
    def csrf_trusted_origins(self) -> list[str]:
        return list(self.CSRF_TRUSTED_ORIGINS) or [origin_of(self.public_url)]

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


def load(environ: Mapping[str, str] | None = None) -> Env:
    """Read the settings; the environment goes before the `.env` file. Raises EnvError with all problems at once."""
    environ = os.environ if environ is None else environ
    file = Path(environ.get("PORTAL_ENV_FILE") or BASE_DIR / ".env")
    given = {name: value for name, value in dotenv_values(file).items() if value} | {
        name: value for name, value in environ.items() if name in _names() and value
    }
    problems = _read_secret_files(given) + _half_a_carrier(given)
    try:
        env = Env.model_validate({name: value for name, value in given.items() if name in Env.model_fields})
    except ValidationError as error:
        problems += [_sentence(detail) for detail in error.errors(include_url=False)]
    if problems:
        raise EnvError(problems)
    return env


def _names() -> set[str]:
    return set(Env.model_fields) | {f"{name}_FILE" for name in SECRETS}


def _read_secret_files(given: dict[str, str]) -> list[str]:
    problems = []
    for name in SECRETS:
        path = given.get(f"{name}_FILE")
        if path is None:
            continue
        if name in given:
            problems.append(f"{name} and {name}_FILE are both set: remove one.")
            continue
        try:
            given[name] = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text file"
            problems.append(f"{name}_FILE cannot be read: {path} ({reason}).")
    return problems


def _half_a_carrier(given: Mapping[str, str]) -> list[str]:
    pair = {"SMARTHUB_BASE_URL", "SMARTHUB_API_KEY"}
    missing = pair - given.keys()
    return [f"{missing.pop()} must be set where {(pair & given.keys()).pop()} is."] if len(missing) == 1 else []


def _sentence(detail: ErrorDetails) -> str:
    message = _PLAIN.get(detail["type"], detail["msg"]).format(**detail.get("ctx", {}))
    message = message.removeprefix("Value error, ")
    name = ".".join(str(part) for part in detail["loc"])
    return f"{name} {message}." if name else message
