"""What Python's collector has to go through."""

from __future__ import annotations

import gc


def keep_what_is_loaded() -> None:
    """Leave all that a program has loaded out of every collection to come.

    It stays until the program ends, and to go through it takes a twentieth of a second, in the middle of a page or of a
    merge.
    """
    gc.collect()
    gc.freeze()
