"""Taking the carrier's pushes in: a bare ASGI handler that keeps what came before it answers."""
