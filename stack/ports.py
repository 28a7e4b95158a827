import errno
import socket

from stack.errors import StackError

_BACKLOG = 2048


def bind(host: str, port: int) -> socket.socket:
    """The listening socket of the web processes; ours, so that one of them may die and nobody is refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise StackError(_reason(host, port, error)) from error
    listener.set_inheritable(True)
    return listener


def _reason(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program: stop it, or set PORT to a free one."
    if error.errno == errno.EACCES:
        return f"Port {port} needs root: set PORT to one above 1023 and put a proxy before it."
    return f"Cannot listen on {host} port {port} ({error.strerror}): set HOST to an address of this machine."


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
