"""What the intake is held against: a plain Django view that inserts one row, and a handler that only reads and checks.

Served as the portal is, on a socket handed on: `python -m benchmarks.intake_peers django|bare FD`.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.intake_settings")

import uvicorn
from django.core.asgi import get_asgi_application

django = get_asgi_application()

from django.conf import settings  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from notifications.ids import Ids, received_at  # noqa: E402
from notifications.intake.app import PREFIX  # noqa: E402
from notifications.intake.tokens import Tokens  # noqa: E402
from notifications.models import Delivery  # noqa: E402

ids, tokens = Ids(), Tokens()


@csrf_exempt
def insert(request: HttpRequest, token: str, slug: str) -> JsonResponse:
    assert token == settings.SMARTHUB_WEBHOOK_TOKEN
    number = ids.next()
    Delivery.objects.create(
        received_at=received_at(number), id=number, slug=slug, source="", headers=b"[]", body=request.body
    )
    return JsonResponse({"status": "ok"})


urlpatterns = [path(f"{PREFIX[1:]}<str:token>/<slug:slug>/", insert)]


async def bare(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    is_ours = tokens.accepts(scope["path"].split("/")[3])
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200 if is_ours else 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    served = {"django": django, "bare": bare}[sys.argv[1]]
    config = uvicorn.Config(served, log_config=None, access_log=False)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[2]))])
