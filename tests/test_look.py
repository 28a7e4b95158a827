"""What the look promises: whole vendored files, checked contrasts, nothing inline, nobody else's address."""

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
TOKENS = STATIC / "css" / "tokens.css"
VENDORED = tomllib.loads((VENDOR / "VENDOR.toml").read_text())
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((STATIC / "css").glob("*.css"))
OURS = [*TEMPLATES, *STYLES, *sorted((STATIC / "js").glob("*.js")), *sorted(STATIC.glob("*.svg"))]
TONES = ("ok", "warn", "bad", "info", "unknown", "idle")


def named(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("name", VENDORED)
def test_vendored_files_are_what_was_taken(name):
    entry = VENDORED[name]
    for file, checksum in entry["sha256"].items():
        assert hashlib.sha256((VENDOR / name / file).read_bytes()).hexdigest() == checksum, file
    assert entry["licence"] and (VENDOR / name / "LICENSE").read_text().strip()


def test_no_vendored_file_is_missing_from_the_table():
    listed = {f"{name}/{file}" for name, entry in VENDORED.items() for file in (*entry["sha256"], "LICENSE")}
    found = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    assert found == listed | {"VENDOR.toml"}


@pytest.mark.parametrize("path", [*STYLES, *VENDOR.rglob("*.css")], ids=named)
def test_a_style_loads_nothing_from_another_host(path):
    text = path.read_text()
    assert "@import" not in text
    assert "sourceMappingURL" not in text
    for address in re.findall(r"url\(\s*['\"]?([^'\")]+)", text):
        assert not re.match(r"(?:[a-z]+:)?//", address), address


@pytest.mark.parametrize("path", OURS, ids=named)
def test_what_is_ours_names_no_other_host(path):
    text = path.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?://", text)
    assert not re.search(r"""(?:href|src)=["']//""", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_nothing_is_inline(path):
    text = path.read_text()
    assert not re.search(r"<style\b|\sstyle\s*=", text)
    assert not re.search(r"<[^>]+\son[a-z]+\s*=", text)
    assert not re.search(r"\shx-on\b|javascript:", text)
    for script in re.findall(r"<script\b[^>]*>(.*?)</script>", text, re.DOTALL):
        assert script == ""


@pytest.mark.parametrize("path", [path for path in STYLES if path != TOKENS], ids=named)
def test_a_colour_is_a_token(path):
    for declaration in re.findall(r":\s*([^;{}]+);", path.read_text()):
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(", declaration), declaration


def test_a_drawn_colour_is_a_token():
    for name in ("icons.svg", "states.svg"):
        paints = set(re.findall(r'(?:fill|stroke)="([^"]+)"', (STATIC / name).read_text()))
        assert paints <= {"none", "currentColor", "var(--sp-mark)", "var(--sp-on-button)"}


def test_every_token_that_is_used_is_defined():
    defined = set(re.findall(r"(--sp-[a-z0-9-]+):", TOKENS.read_text()))
    for path in STYLES:
        used = set(re.findall(r"var\((--sp-[a-z0-9-]+)", path.read_text()))
        assert used <= defined | set(re.findall(r"(--sp-[a-z0-9-]+):", path.read_text())), path.name


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_every_icon_and_glyph_is_in_its_sprite(path):
    text = path.read_text()
    for tag, sprite in (("icon", "icons.svg"), ("glyph", "states.svg")):
        drawn = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / sprite).read_text()))
        assert set(re.findall(rf'{{% {tag} "([^"]+)"', text)) <= drawn


def test_every_icon_of_the_side_bar_is_in_the_sprite():
    from smarthub_portal.areas import AREAS
    from smarthub_portal.navigation import NAVIGATION

    drawn = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
    assert {item.icon for group in NAVIGATION for item in group.items} | {area.icon for area in AREAS} <= drawn


# Contrast, computed from the tokens as they stand.


def blocks():
    """The declarations of the light, the chosen dark and the system's dark theme."""
    text = TOKENS.read_text()
    found = [
        re.search(pattern + r"\s*\{(.*?)\}", text, re.DOTALL)
        for pattern in (r"\n:root", r"\n\[data-bs-theme=\"dark\"\]", r"\n  :root:not\(\[data-bs-theme\]\)")
    ]
    return [dict(re.findall(r"--sp-([a-z0-9-]+):\s*(#[0-9a-f]{6});", block[1])) for block in found if block]


LIGHT, DARK, SYSTEM_DARK = blocks()


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


WORDS = [
    *((text, ground) for text in ("text", "text2", "text3", "accent") for ground in ("bg", "surface", "sunk")),
    *((text, "accent-soft") for text in ("text", "text2", "text3", "accent")),
    *((text, f"{tone}-fill") for tone in TONES for text in ("text", "text2", "accent", f"{tone}-text")),
    *((f"{tone}-text", ground) for tone in TONES for ground in ("bg", "surface", "sunk", "accent-soft")),
    ("on-button", "button"),
    ("on-button", "danger"),
]
SHAPES = [
    *((f"{tone}-glyph", ground) for tone in TONES for ground in ("surface", "bg", f"{tone}-fill")),
    *(("control", ground) for ground in ("surface", "bg")),
    *((bar, "track") for bar in ("bar", "ok-glyph", "warn-glyph", "bad-glyph")),
    *(("accent", ground) for ground in ("surface", "bg", "accent-soft")),
    ("button", "surface"),
]


def test_both_dark_themes_are_one():
    assert DARK == SYSTEM_DARK
    assert DARK.keys() == LIGHT.keys()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_word_can_be_read(theme):
    weak = {pair: round(contrast(theme[pair[0]], theme[pair[1]]), 2) for pair in WORDS}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_shape_can_be_seen(theme):
    weak = {pair: round(contrast(theme[pair[0]], theme[pair[1]]), 2) for pair in SHAPES}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 3.0} == {}
