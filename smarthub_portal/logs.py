"""Logs: one JSON object a line, and nothing secret in it."""

import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

HIDDEN = "[hidden]"
_SECRET_NAMES = re.compile(
    r"api[-_]?key|token|secret|passw|authorization|cookie|msisdn|phone|^content$|^text$|^body$", re.IGNORECASE
)
_WEBHOOK_PATH = re.compile(r"(/webhooks/smarthub/)[^\s\"'?]+")
_KEY_IN_TEXT = re.compile(r"(x-api-key['\"]?\s*[:=]\s*['\"]?)[^\s'\",}]+", re.IGNORECASE)
_PASSWORD_IN_ADDRESS = re.compile(r"(\w+://[^\s:/@]*:)[^\s@/]+@")
_ROW_VALUES = re.compile(r"(Key \([^)]*\)=|Failing row contains )\(.*\)")


def hide_secrets(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keys, tokens, phone numbers and message texts never reach a log, whoever wrote the line."""
    for name, value in event.items():
        event[name] = HIDDEN if _SECRET_NAMES.search(name) else _clean(value)
    return event


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {key: HIDDEN if _SECRET_NAMES.search(str(key)) else _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def clean_text(text: str) -> str:
    text = _WEBHOOK_PATH.sub(rf"\1{HIDDEN}", text)
    text = _KEY_IN_TEXT.sub(rf"\1{HIDDEN}", text)
    text = _PASSWORD_IN_ADDRESS.sub(rf"\1{HIDDEN}@", text)
    return _ROW_VALUES.sub(rf"\1({HIDDEN})", text)


_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logging_config(role: str) -> None:
    """Send the standard library's logging and structlog through the same processors to stderr."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            hide_secrets,
            structlog.processors.JSONRenderer(),
        ],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": "WARNING" if role == "command" else "INFO"},
            "loggers": {
                "uvicorn": {"handlers": [], "propagate": True},
                # asgi.py writes the access log, with cut paths.
                "uvicorn.access": {"handlers": [], "propagate": False, "level": "CRITICAL"},
                "django": {"handlers": [], "propagate": True},
            },
        }
    )
