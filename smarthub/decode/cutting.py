"""Taking a list apart by its brackets alone, for one that is nested too deeply to be parsed."""

from __future__ import annotations

import re
from typing import NamedTuple

TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)


class Cut(NamedTuple):
    """The records of the list as they were written, and the answer with an empty list in their place."""

    records: list[bytes]
    rest: bytes


def cut_list(body: bytes, field: str) -> Cut | None:
    """The list that is the answer, or that `field` of it holds; None where there is none to its end."""
    key, wanted = b"", f'"{field}"'.encode()
    depth, inside, begin, record_at = 0, 0, 0, 0
    records: list[bytes] = []
    for token in TOKENS.finditer(body):
        sign = token[0]
        if depth == inside and inside and sign in (b",", b"]"):
            records.append(body[record_at : token.start()].strip())
            record_at = token.end()
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(sign, 0)
        if not inside and sign == b"[" and (depth == 1 or (depth == 2 and key == wanted)):
            inside, begin, record_at = depth, token.start(), token.end()
        elif inside and depth < inside:
            return Cut([record for record in records if record], body[:begin] + b"[]" + body[token.end() :])
        elif depth == 1 and sign.startswith(b'"'):
            key = sign
    return None
