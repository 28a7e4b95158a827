from estate.models.drift import DriftCheck, DriftFinding
from estate.models.rollup import (
    CountDay,
    EndingDay,
    LastUse,
    PackageUse,
    RollUp,
    SilentDay,
    UsageMoment,
    UsageRoll,
    UsageTop,
)

__all__ = [
    "CountDay",
    "DriftCheck",
    "DriftFinding",
    "EndingDay",
    "LastUse",
    "PackageUse",
    "RollUp",
    "SilentDay",
    "UsageMoment",
    "UsageRoll",
    "UsageTop",
]
