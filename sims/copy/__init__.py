"""The one door through which the carrier's answers become our copy."""

from sims.copy.answers import Answer, KeptAside, keys_of, mark_in
from sims.copy.pages import note_pages
from sims.copy.rows import prepared
from sims.copy.write import CopyResult, NotNew, write_copy

__all__ = [
    "Answer",
    "CopyResult",
    "KeptAside",
    "NotNew",
    "keys_of",
    "mark_in",
    "note_pages",
    "prepared",
    "write_copy",
]
