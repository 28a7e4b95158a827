import json
import logging
from logging import LogRecord

import pytest
import structlog

from smarthub_portal.logs import clean_text, hide_secrets


def written(record: LogRecord) -> dict[str, object]:
    """The line that the portal's own handler makes of a record."""
    formatter = next(handler.formatter for handler in logging.getLogger().handlers if _is_ours(handler.formatter))
    return json.loads(formatter.format(record))


def _is_ours(formatter: object) -> bool:
    return isinstance(formatter, structlog.stdlib.ProcessorFormatter)


@pytest.mark.parametrize("name", ["api_key", "X-API-Key", "token", "password", "msisdn", "content", "Cookie", "text"])
def test_a_named_secret_is_hidden_at_any_depth(name: str) -> None:
    event = hide_secrets(None, "info", {name: "s3cret", "deep": {"list": [{name: "s3cret"}]}, "giccid": "8986"})

    assert "s3cret" not in json.dumps(event)
    assert event["giccid"] == "8986"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("POST /webhooks/smarthub/t0ken/sim-status/ failed", "POST /webhooks/smarthub/[hidden] failed"),
        ("headers {'X-API-Key': 's3cret'}", "headers {'X-API-Key': '[hidden]'}"),
        ("connect postgresql://portal:s3cret@db/portal", "connect postgresql://portal:[hidden]@db/portal"),
        ("Key (msisdn)=(8613912345678) already exists.", "Key (msisdn)=([hidden]) already exists."),
        ("Failing row contains (1, 8613912345678, hello).", "Failing row contains ([hidden])."),
        ("nothing to hide in 8986011805021000004", "nothing to hide in 8986011805021000004"),
    ],
)
def test_secrets_in_the_middle_of_a_text(text: str, clean: str) -> None:
    assert clean_text(text) == clean


def test_a_library_writes_the_same_lines_without_its_secrets() -> None:
    try:
        raise ValueError("Key (msisdn)=(8613912345678) already exists.")
    except ValueError as error:
        record = LogRecord(
            "urllib3", logging.WARNING, __file__, 1, "to %s", ("https://u:pw@x/",), (ValueError, error, None)
        )

    line = written(record)

    assert line["logger"] == "urllib3"
    assert line["level"] == "warning"
    assert line["event"] == "to https://u:[hidden]@x/"
    assert "8613912345678" not in json.dumps(line)
