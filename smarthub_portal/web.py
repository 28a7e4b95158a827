"""One web process on a listening socket that `manage.py up` bound: `python -m smarthub_portal.web FD`."""

import os
import socket
import sys

import uvicorn

from smarthub_portal.protocol import Protocol


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "smarthub_portal.settings"
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
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()
