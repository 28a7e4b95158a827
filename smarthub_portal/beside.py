"""Bare ASGI handlers and static files beside Django."""

import re
from typing import Any

from django.conf import settings
from servestatic import ServeStaticASGI

_HASHED_NAME = re.compile(r"^.+\.[0-9a-f]{12}\.[^/]+$")


class Beside:
    """Sends the paths of `handlers` past Django; tells Django the scheme people use, whatever the proxy says."""

    def __init__(self, django: Any, handlers: dict[str, Any]) -> None:
        self.django = django
        self.handlers = handlers
        self.is_https = settings.PUBLIC_URL.startswith("https://")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if self.is_https:
            scope = {**scope, "scheme": "https"}
        for prefix, handler in self.handlers.items():
            if scope["path"].startswith(prefix):
                await handler(scope, receive, send)
                return
        await self.django(scope, receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def is_immutable(path: str, url: str) -> bool:
    return _HASHED_NAME.match(url) is not None


def with_static_files(app: Any) -> Any:
    return ServeStaticASGI(
        app,
        root=str(settings.STATIC_ROOT),
        prefix=settings.STATIC_URL,
        immutable_file_test=is_immutable,
        max_age=60,
        allow_all_origins=False,
    )
