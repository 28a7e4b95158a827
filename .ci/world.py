"""Draws static/world.svg from the vendored outline: a path a country, named by its alpha-2 code, for pages to use.

Run it when the outline changes: `python .ci/world.py`.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
OUTLINE = ROOT / "static" / "vendor" / "world-atlas" / "countries-110m.json"
TARGET = ROOT / "static" / "world.svg"
WIDTH, HEIGHT, MIDDLE = 960.0, 440.0, 247.0
LEFT_OUT = "010"  # Antarctica: no SIM lives there, and it would take a fifth of the height
NAMELESS = {"Kosovo": "XK", "N. Cyprus": "land-1", "Somaliland": "land-2"}

Point = tuple[float, float]


def main() -> None:
    TARGET.write_text(drawn())


def drawn() -> str:
    atlas = json.loads(OUTLINE.read_text())
    arcs = [_arc(arc, atlas["transform"]) for arc in atlas["arcs"]]
    shapes = atlas["objects"]["countries"]["geometries"]
    paths = [f'<path id="{_name(shape)}" d="{_path(shape, arcs)}"/>' for shape in shapes if shape.get("id") != LEFT_OUT]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(sorted(paths)) + "\n</svg>\n"


def _name(shape: dict[str, Any]) -> str:
    number = shape.get("id")
    return _alpha2()[number] if number else NAMELESS[shape["properties"]["name"]]


def _alpha2() -> dict[str, str]:
    rows = (ROOT / "enterprise" / "countries.txt").read_text().splitlines()
    return {row.split(" ")[2]: row.split(" ")[0] for row in rows}


def _arc(arc: list[list[int]], transform: dict[str, list[float]]) -> list[Point]:
    """The differences added up and put into degrees."""
    (x_scale, y_scale), (x_shift, y_shift) = transform["scale"], transform["translate"]
    x = y = 0
    found = []
    for dx, dy in arc:
        x, y = x + dx, y + dy
        found.append((x * x_scale + x_shift, y * y_scale + y_shift))
    return found


def _unbroken(points: list[Point]) -> list[Point]:
    """A coast that crosses the 180th meridian goes on beyond it, on the side where most of it lies."""
    turns, last, found = 0, points[0][0], []
    for longitude, latitude in points:
        turns += round((last - longitude) / 360)
        last = longitude
        found.append((longitude + turns * 360, latitude))
    middle = sum(longitude for longitude, _ in found) / len(found)
    shift = -360 * round(middle / 360)
    return [(longitude + shift, latitude) for longitude, latitude in found]


def _projected(longitude: float, latitude: float) -> Point:
    """Equal Earth (Šavrič, Patterson, Jenny 2018), so that no country looks bigger than it is."""
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    square = theta * theta
    six = square**3
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(theta)
    x /= 3 * (9 * a4 * six * square + 7 * a3 * six + 3 * a2 * square + a1)
    y = theta * (a1 + a2 * square + six * (a3 + a4 * square))
    scale = WIDTH / 5.414
    return WIDTH / 2 + x * scale, MIDDLE - y * scale


def _path(shape: dict[str, Any], arcs: list[list[Point]]) -> str:
    polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
    return "".join(_ring(ring, arcs) for polygon in polygons for ring in polygon)


def _ring(ring: list[int], arcs: list[list[Point]]) -> str:
    points: list[Point] = []
    for number in ring:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += arc[1:] if points else arc
    places = [_projected(longitude, latitude) for longitude, latitude in _unbroken(points)]
    texts = list(dict.fromkeys(f"{x:.1f} {y:.1f}" for x, y in places))
    return f"M{'L'.join(texts)}Z" if len(texts) > 2 else ""


if __name__ == "__main__":
    main()
