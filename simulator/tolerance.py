"""The EXTRA_FIELDS knob: unknown fields and nulls where the contract allows them."""

from typing import Any

import msgspec

from simulator.reply import Reply

_MAY_BE_NULL = ("sellTime", "voiceUsage", "description", "contactPhone")


def with_extra_fields(answer: Reply) -> Reply:
    body = msgspec.json.encode(_extended(msgspec.json.decode(answer.body)))
    return Reply(body, answer.status, answer.content_type, answer.headers)


def _extended(value: Any) -> Any:
    if isinstance(value, list):
        return [_extended(item) for item in value]
    if not isinstance(value, dict):
        return value
    fields = {name: None if name in _MAY_BE_NULL else _extended(item) for name, item in value.items()}
    return {**fields, "extraField": {"unknown": [1, "two", None]}, "extraNull": None, "self_url": "/v1"}
