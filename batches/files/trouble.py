"""Why a file chooses nothing, in words for the person who sent it."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.figures import plural

NAMED = 10


class Unreadable(ValueError):
    """The file as a whole cannot be used; `sentences` say why, what was not done, and what to do."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(sentences[0])
        self.sentences = list(sentences)


@dataclass(frozen=True, slots=True)
class BadRow:
    row: int
    text: str
    why: str

    def __str__(self) -> str:
        shown = f" “{self.text}”" if self.text else ""
        return f"Row {self.row}{shown}: {self.why}"


class DamagedRows(Unreadable):
    """Some rows name no SIM; the first few are told by their numbers."""

    def __init__(self, rows: list[BadRow]) -> None:
        self.rows = rows
        many = plural(len(rows), "row names", "rows name")
        way_out = "Mend them in the file, or tick “Leave out what is damaged”."
        head = f"{many} no whole identifier, so nothing was planned. {way_out}"
        rest = len(rows) - NAMED
        more = [f"{plural(rest, 'more row is', 'more rows are')} damaged."] if rest > 0 else []
        super().__init__(head, *(str(row) for row in rows[:NAMED]), *more)
