"""Charts as the server draws them: places in a plot, which templates print as SVG.

Across, places are per cent of the width, so that a chart fits any screen while its words keep their size; down, they
are pixels of a fixed height. A value of None is a gap and stays one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import ceil, floor, log10

from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString, mark_safe

HEIGHT = 140
PAD = 14
# So many fit a phone as names of weekdays; as dates fewer.
MOST_LABELS, FEW_LABELS = 8, 6
# Below it a figure is nothing; an axis is never finer.
SMALLEST = 0.01
# A name by a line stays within the plot.
TAG_TOP, TAG_FOOT = 6, 5
FACTORS = (1, 2, 2.5, 5, 10)
ROW = '<tr><td>{}</td><td class="sp-num">{}</td></tr>'


@dataclass(frozen=True, slots=True)
class Point:
    """One value: `label` stands under it, with `more` where there is room, `name` and `said` tell it in full.

    `url` makes its bar a link.
    """

    label: str
    value: float | None
    name: str = ""
    said: str = ""
    url: str = ""
    tone: str = ""
    more: str = ""

    @property
    def words(self) -> str:
        return f"{self.name}: {self.said}"


@dataclass(frozen=True, slots=True)
class Mark:
    """A rule across the plot and the figure beside it."""

    y: float
    text: str

    @property
    def text_y(self) -> float:
        """In the axis beside the plot, which begins a little higher."""
        return self.y + PAD


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    width: float
    y: float
    height: float
    middle: float
    point: Point

    @property
    def value(self) -> str:
        return "" if self.point.value is None else _figure(round(self.point.value, 3))


@dataclass(frozen=True, slots=True)
class Label:
    x: float
    text: str
    anchor: str = "middle"
    more: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """The name of a line, standing by it: at a place and a value, so many pixels below."""

    place: float
    value: float
    text: str
    anchor: str = "start"
    below: float = 0.0


@dataclass(frozen=True, slots=True)
class PlacedTag:
    x: float
    y: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Scale:
    """From nothing, or from the least of values below it, up to a round figure above the most."""

    bottom: float
    top: float
    step: float

    @classmethod
    def over(cls, values: Sequence[float], *, is_whole: bool = False) -> Scale:
        low, high = min([0.0, *values]), max([0.0, *values])
        reach = max(high - low, SMALLEST) if high > low else 1.0
        size = 10.0 ** floor(log10(reach / 3))
        step = next((size * factor for factor in FACTORS if size * factor * 4 >= reach), size * 10)
        step = max(1.0, ceil(step)) if is_whole else step
        return cls(bottom=floor(low / step) * step, top=-floor(-high / step) * step or step, step=step)

    def y(self, value: float) -> float:
        return round(HEIGHT - (value - self.bottom) / (self.top - self.bottom) * HEIGHT, 1)

    @property
    def marks(self) -> list[Mark]:
        steps = round((self.top - self.bottom) / self.step)
        return [
            Mark(self.y(self.bottom + n * self.step), _figure(self.bottom + n * self.step)) for n in range(steps + 1)
        ]


def _figure(value: float) -> str:
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    return (text or "0").replace("-", "−")


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars in the order of their points."""

    bars: list[Bar]
    labels: list[Label]
    marks: list[Mark]
    words: str
    shows_values: bool = False
    gaps: list[Bar] = field(default_factory=list)
    points: Sequence[Point] = ()

    @property
    def height(self) -> int:
        return HEIGHT

    @property
    def table(self) -> SafeString:
        """The rows of the chart's table, in the order of its bars."""
        return format_html_join("", ROW, ((point.name, point.said) for point in self.points))

    @property
    def has_links(self) -> bool:
        return any(bar.point.url for bar in self.bars)

    @property
    def body(self) -> SafeString:
        """Bars and gaps as SVG, made here because four hundred of them take a template a fifth of a second."""
        gaps = [_gap_svg(bar) for bar in self.gaps]
        return mark_safe("".join([*gaps, *(_bar_svg(bar, self.shows_values) for bar in self.bars)]))  # noqa: S308 - escaped below


def _gap_svg(bar: Bar) -> str:
    return (
        f'<rect class="sp-gap-bar" x="{bar.x}%" y="0" width="{bar.width}%" height="{HEIGHT}">'
        f"<title>{escape(bar.point.words)}</title></rect>"
    )


def _bar_svg(bar: Bar, shows_value: bool) -> str:
    point, words = bar.point, escape(bar.point.words)
    tone = f" sp-bar-{point.tone}" if point.tone else ""
    shape = (
        f'<rect class="sp-bar{tone}" x="{bar.x}%" y="{bar.y}" width="{bar.width}%" height="{bar.height}" rx="1.5">'
        f"<title>{words}</title></rect>"
    )
    if point.url:
        shape = f'<a href="{escape(point.url)}" aria-label="{words}">{shape}</a>'
    if not shows_value:
        return shape
    at = f'x="{bar.middle}%" y="{bar.y}" dy="-5" text-anchor="middle"'
    return f'{shape}<text class="sp-bar-value" {at}>{bar.value}</text>'


def bar_chart(
    points: Sequence[Point], *, words: str, shows_values: bool = False, is_whole: bool = False
) -> BarChart | None:
    """`is_whole`: the values are counts. None where there is no value at all: then a sentence says so."""
    known = [point.value for point in points if point.value is not None]
    if not known:
        return None
    scale, slot = Scale.over(known, is_whole=is_whole), 100 / len(points)
    bars = [_bar(at, point, scale, slot) for at, point in enumerate(points)]
    return BarChart(
        bars=[bar for bar in bars if bar.point.value is not None],
        gaps=[bar for bar in bars if bar.point.value is None],
        labels=_labels(points, slot),
        marks=scale.marks,
        words=words,
        shows_values=shows_values,
        points=points,
    )


def _bar(at: int, point: Point, scale: Scale, slot: float) -> Bar:
    value = point.value or 0.0
    top, foot = sorted((scale.y(value), scale.y(0.0)))
    return Bar(
        x=round(slot * (at + 0.14), 3),
        width=round(slot * 0.72, 3),
        y=top,
        height=max(round(foot - top, 1), 1.5 if point.value is not None else 0.0),
        middle=round(slot * (at + 0.5), 3),
        point=point,
    )


def _labels(points: Sequence[Point], slot: float) -> list[Label]:
    every = 1 if len(points) <= MOST_LABELS else -(-len(points) // FEW_LABELS)
    return [
        Label(round(slot * (at + 0.5), 3), point.label, more=point.more)
        for at, point in enumerate(points)
        if at % every == 0
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """A line as the pieces between its gaps, in a plot 1000 wide; a piece of one point is a dot."""

    name: str
    paths: list[str]
    dots: list[Dot]
    last: Dot | None = None


@dataclass(frozen=True, slots=True)
class LineChart:
    lines: list[Line]
    labels: list[Label]
    marks: list[Mark]
    words: str
    band: str = ""
    rules: list[Mark] = field(default_factory=list)
    now: float | None = None
    tags: list[PlacedTag] = field(default_factory=list)

    @property
    def height(self) -> int:
        return HEIGHT


Series = Sequence[tuple[float, float | None]]


def line_chart(
    series: Sequence[tuple[str, Series]],
    *,
    words: str,
    labels: Sequence[tuple[float, str]],
    band: Sequence[tuple[float, float, float]] = (),
    rules: Sequence[tuple[float, str]] = (),
    now: float | None = None,
    tags: Sequence[Tag] = (),
) -> LineChart | None:
    """Lines over places from 0 to 1; `band` is (place, least, most), `rules` are values worth a line of their own."""
    values = [value for _, points in series for _, value in points if value is not None]
    if not values:
        return None
    scale = Scale.over([*values, *(most for *_, most in band), *(value for value, _ in rules)])
    return LineChart(
        lines=[_line(name, points, scale) for name, points in series],
        labels=[Label(round(place * 100, 2), text, _anchor(place)) for place, text in labels],
        marks=scale.marks,
        words=words,
        band=_band(band, scale),
        rules=[Mark(scale.y(value), text) for value, text in rules],
        now=None if now is None else round(now * 100, 2),
        tags=[_tag(tag, scale) for tag in tags],
    )


def _tag(tag: Tag, scale: Scale) -> PlacedTag:
    y = min(max(scale.y(tag.value) + tag.below, TAG_TOP), HEIGHT - TAG_FOOT)
    return PlacedTag(round(tag.place * 100, 2), round(y, 1), tag.text, tag.anchor)


def _line(name: str, points: Series, scale: Scale) -> Line:
    pieces = [list(piece) for is_known, piece in groupby(points, lambda point: point[1] is not None) if is_known]
    placed = [[(place, scale.y(value)) for place, value in piece if value is not None] for piece in pieces]
    last = placed[-1][-1] if placed else None
    return Line(
        name=name,
        paths=[_path(piece) for piece in placed if len(piece) > 1],
        dots=[Dot(round(piece[0][0] * 100, 2), piece[0][1]) for piece in placed if len(piece) == 1],
        last=Dot(round(last[0] * 100, 2), last[1]) if last else None,
    )


def _band(band: Sequence[tuple[float, float, float]], scale: Scale) -> str:
    if len(band) < 2:
        return ""
    upper = [(place, scale.y(most)) for place, _, most in band]
    lower = [(place, scale.y(least)) for place, least, _ in reversed(band)]
    return f"{_path([*upper, *lower])}Z"


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{place * 1000:.1f} {y}" for place, y in points)


def _anchor(place: float) -> str:
    return "start" if place < 0.04 else "end" if place > 0.96 else "middle"
