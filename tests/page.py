"""Reading an answer as a person does: by its rows, fields and messages."""

import re
from html import unescape

ROW = re.compile(r'<tr data-giccid="([^"]*)" data-status="([^"]*)"')


def giccids(response) -> list[str]:
    return [giccid for giccid, _ in ROW.findall(response.content.decode())]


def total(response) -> str:
    return re.search(r'data-total="(\d+)"', response.content.decode())[1]


def field(response, name: str) -> str:
    found = re.search(
        rf'data-field="{name}"[^>]*>(.*?)</(?:span|td|dd|small)>\s*(?:</|<)', response.content.decode(), re.S
    )
    return text_of(found[1]) if found else ""


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def text(response) -> str:
    """The words of the page without its frame."""
    html = response.content.decode()
    start = html.find("<main")
    return text_of(html[start:] if start >= 0 else html)


def errors(response) -> list[str]:
    found = re.findall(r'<p class="invalid-feedback[^>]*>(.*?)</p>', response.content.decode(), re.S)
    return [text_of(each) for each in found]


def alerts(response) -> list[str]:
    found = re.findall(r'<(div|p)[^>]*role="alert"[^>]*>(.*?)</\1>', response.content.decode(), re.S)
    return [text_of(each) for _, each in found]


def htmx(target: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": target}
