"""The one door through which the carrier's answers become our copy."""

from sims.copy.answers import Answer, KeptAside
from sims.copy.write import CopyResult, write_copy

__all__ = ["Answer", "CopyResult", "KeptAside", "write_copy"]
