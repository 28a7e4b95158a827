"""HTTP as uvicorn speaks it, but for addresses longer than its parser takes."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# The parser counts to 65,535. What is cut off was never going to be found by a search or read by a filter.
LONGEST_URL = 60_000


class Protocol(HttpToolsProtocol):
    """Cuts an address that is too long, so that a page says what is wrong with it instead of a bare 400.

    Tells the application how to hang up on somebody who takes nothing: a plain close waits for them.
    """

    def on_headers_complete(self) -> None:
        self.url = self.url[:LONGEST_URL]
        self.scope["extensions"] = {"smarthub.abort": {"call": self.transport.abort}}
        super().on_headers_complete()
