"""Sums of the fleet by day, made once after each reading of it, so that no page goes through the SIMs."""

from estate.rollups.work import due_days, roll_up

__all__ = ["due_days", "roll_up"]
