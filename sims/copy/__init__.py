"""The one door through which the carrier's answers become our copy."""

from sims.copy.answers import Answer, KeptAside, digested
from sims.copy.write import CopyResult, write_copy

__all__ = ["Answer", "CopyResult", "KeptAside", "digested", "write_copy"]
