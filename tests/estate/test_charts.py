from hypothesis import given
from hypothesis import strategies as st

from estate.charts import HEIGHT, Point, Scale, bar_chart, line_chart

FIGURES = st.lists(st.one_of(st.none(), st.floats(-1e12, 1e12)), min_size=1, max_size=60)


@given(FIGURES)
def test_every_bar_stands_within_the_plot(values):
    chart = bar_chart([Point(str(n), value) for n, value in enumerate(values)], words="x")
    if chart is None:
        assert all(value is None for value in values)
        return
    assert len(chart.bars) + len(chart.gaps) == len(values)
    for bar in chart.bars:
        assert -0.2 <= bar.y <= HEIGHT + 0.2
        assert 0 <= bar.x <= bar.x + bar.width <= 100


@given(FIGURES)
def test_a_line_has_a_piece_for_each_run_of_values(values):
    chart = line_chart([("a", [(n / len(values), v) for n, v in enumerate(values)])], words="x", labels=[])
    runs = sum(v is not None and (n == 0 or values[n - 1] is None) for n, v in enumerate(values))
    assert (chart is None) == (runs == 0)
    if chart:
        assert len(chart.lines[0].paths) + len(chart.lines[0].dots) == runs


@given(st.lists(st.floats(-1e12, 1e12), max_size=9))
def test_a_scale_holds_all_and_has_few_marks(values):
    scale = Scale.over(values)
    low, high = min([0.0, *values]), max([0.0, *values])
    room = (high - low) * 1e-9
    assert scale.bottom - room <= low <= high <= scale.top + room
    assert 2 <= len(scale.marks) <= 7
