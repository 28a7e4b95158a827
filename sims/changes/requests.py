"""What each verb asks of the carrier, as a table: the call, its parameters, and what of the reply is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from sims.models import Operation, SimCustomFields, Verb
from smarthub import Client
from smarthub.models import Answer

Values = Mapping[str, Any]


class Request(NamedTuple):
    """One request of a verb: its name in the client's table, and how it is sent."""

    name: str
    send: Callable[[Client, str, Values], Answer[Any]]


REQUESTS: dict[Verb, Request] = {
    Verb.ACTIVATE: Request("sim_activate", lambda client, giccid, body: client.activate(giccid)),
    Verb.SUSPEND: Request("sim_suspend", lambda client, giccid, body: client.suspend(giccid)),
    Verb.RETIRE: Request("sim_retire", lambda client, giccid, body: client.retire(giccid)),
    Verb.CHANGE_PLAN: Request(
        "sim_change_basic",
        lambda client, giccid, body: client.change_basic_package(giccid, body["package"], body["effective"]),
    ),
    Verb.ADD_PACKAGE: Request(
        "sim_add_supplementary",
        lambda client, giccid, body: client.add_supplementary_package(giccid, body["package"]),
    ),
    Verb.APN: Request(
        "sim_apn_status",
        lambda client, giccid, body: client.set_apn_status(giccid, body["apn"], body["apn_status"]),
    ),
    Verb.CUSTOM_FIELDS: Request(
        "custom_field_put",
        lambda client, giccid, body: client.replace_custom_fields(giccid, body),
    ),
}


def request_of(operation: Operation) -> dict[str, Any]:
    """What will leave for the carrier, to be noted before it does. Custom fields go all five, merged with what is."""
    body = dict(operation.wanted)
    if operation.verb == Verb.CUSTOM_FIELDS:
        body = {**dict.fromkeys(SimCustomFields.NAMES, ""), **operation.before.get("fields", {}), **body}
    return {"call": REQUESTS[Verb(operation.verb)].name, "giccid": operation.sim.giccid, "body": body}


def send_request(client: Client, operation: Operation) -> Answer[Any]:
    """Send what was noted. Raises what the client raises."""
    request = operation.request
    return REQUESTS[Verb(operation.verb)].send(client, request["giccid"], request["body"])


def reply_of(answer: Answer[Any]) -> dict[str, Any]:
    """What came back, as plain JSON to keep."""
    reply = answer.reply
    return {
        "values": msgspec.to_builtins(answer.value),
        "carrier_at": reply.carrier_at.isoformat() if reply.carrier_at else None,
        "attempts": reply.attempts,
        "elapsed_s": round(reply.elapsed_s, 3),
    }
