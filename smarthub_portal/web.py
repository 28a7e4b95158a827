"""One web process on a listening socket that `manage.py up` bound: `python -m smarthub_portal.web FD`."""

import importlib
import os
import resource
import socket
import sys
from contextlib import suppress

import uvicorn

from smarthub_portal.protocol import Protocol
from stack.gate import pass_gate
from toolkit.memory import keep_what_is_loaded


class Server(uvicorn.Server):
    """Lets go of the open pages first, so that a stop does not wait for them."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        from smarthub_portal.asgi import let_go

        let_go()
        await super().shutdown(sockets)


def _allow_many_sockets() -> None:
    """Each open page is one; the usual soft limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard > 0 else soft, hard))


def _load_pages() -> None:
    """All but the application: that looks for the static files, which are there once the gate is open."""
    import django
    from django.conf import settings

    django.setup()
    importlib.import_module(settings.ROOT_URLCONF)


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "smarthub_portal.settings"
    _load_pages()
    pass_gate()
    keep_what_is_loaded()
    _allow_many_sockets()
    _serve(int(sys.argv[1]))


def _serve(number: int) -> None:
    """Answer on the listening socket of this number until told to stop."""
    from django.conf import settings

    config = uvicorn.Config(
        "smarthub_portal.asgi:application",
        log_config=None,
        access_log=False,
        server_header=False,
        http=Protocol,
        proxy_headers=bool(settings.TRUSTED_PROXIES),
        forwarded_allow_ips=list(settings.TRUSTED_PROXIES),
        # With streams open a stop would wait for their viewers.
        timeout_graceful_shutdown=3,
    )
    Server(config).run(sockets=[socket.socket(fileno=number)])


if __name__ == "__main__":
    main()
