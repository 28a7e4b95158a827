import json
from datetime import UTC, date, datetime
from decimal import Decimal

from sims.standing import OffSpan
from sims.usage import Cycle, DayUse, Usage
from sims.usage_chart import chart_data, chart_words

CYCLE = Cycle(date(2026, 11, 1), date(2026, 12, 1))


def usage(*used: str | None) -> Usage:
    days = [DayUse(date(2026, 11, day), mb and Decimal(mb)) for day, mb in enumerate(used, start=1)]
    return Usage(CYCLE, days, None)


def test_days_and_moments_share_one_scale():
    noon = datetime(2026, 11, 3, 12, tzinfo=UTC)
    off = OffSpan(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC), "Suspended")
    data = json.loads(chart_data(usage("2.5", None, "0"), now=noon, per_day=Decimal(100) / 30, off=[off]))
    assert (data["first"], data["days"], data["allowance"]) == ("2026-11-01", 30, 3.333)
    assert data["mb"] == [2.5, None, 0] + [None] * 27
    assert data["now"] == 3.0  # the middle of the third day's bar
    assert data["off"] == [{"from": 0.5, "to": 1.5, "label": "suspended"}]


def test_in_words():
    assert chart_words(usage(None)) == "Usage per day: nothing read yet"
    assert chart_words(usage("2", "5.25")) == "Usage per day since 1 November: the most was 5.25 MB on 2 November"
    assert chart_words(usage("2", None)).endswith("; 1 day is not known")
    assert chart_words(usage("2", None, None)).endswith("; 2 days are not known")
