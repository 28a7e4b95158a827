"""Puts pip into this environment where Python comes without ensurepip: pip's wheel can install itself."""

import configparser
import hashlib
import html.parser
import os
import runpy
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

DEFAULT_INDEX = "https://pypi.org/simple"
CONFIGS = ("/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")


class Links(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a" and values.get("href") and "data-yanked" not in values:
            self.found.append(str(values["href"]))


def index_address() -> str:
    config = configparser.ConfigParser()
    config.read([str(Path(path).expanduser()) for path in CONFIGS])
    return os.environ.get("PIP_INDEX_URL") or config.get("global", "index-url", fallback="") or DEFAULT_INDEX


def version(link: str) -> tuple[int, ...]:
    """Of a final release; () for anything else."""
    name = urllib.parse.urlsplit(link).path.rpartition("/")[2]
    parts = name.split("-")
    numbers = parts[1].split(".") if len(parts) == 5 and name.endswith("-py3-none-any.whl") else []
    return tuple(int(number) for number in numbers) if all(number.isdigit() for number in numbers) else ()


def main() -> None:
    page = f"{index_address().rstrip('/')}/pip/"
    links = Links()
    with urllib.request.urlopen(page, timeout=60) as answer:
        links.feed(answer.read().decode())
    newest = urllib.parse.urljoin(page, max(links.found, key=version))
    address, _, digest = newest.partition("#sha256=")
    with urllib.request.urlopen(address, timeout=60) as answer:
        wheel = answer.read()
    if digest and hashlib.sha256(wheel).hexdigest() != digest:
        sys.exit("pip arrived damaged")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / urllib.parse.urlsplit(address).path.rpartition("/")[2]
        path.write_bytes(wheel)
        sys.path.insert(0, str(path))
        sys.argv = ["pip", "install", "--quiet", "--no-index", str(path)]
        runpy.run_module("pip", run_name="__main__")


if __name__ == "__main__":
    main()
