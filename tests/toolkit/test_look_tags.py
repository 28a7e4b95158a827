import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.urls import NoReverseMatch

from toolkit.templatetags.look import groups_of_four

ICCID = "8986011805021004471"


def render(source, **context):
    return Template("{% load look %}" + source).render(Context(context))


def test_an_identifier_is_quiet_but_for_its_last_digits_and_copies_without_blanks():
    html = render("{% identifier giccid %}", giccid=ICCID)
    assert "<b>004471</b>" in html
    assert re.sub(r"<[^>]+>", "", html) == ICCID


def test_groups_of_four_are_cut_from_the_right_and_copy_without_blanks():
    assert groups_of_four(ICCID) == ["898", "6011", "8050", "2100", "4471"]
    assert groups_of_four("12345678") == ["1234", "5678"]
    assert groups_of_four("") == []
    assert re.sub(r"<[^>]+>", "", render("{% grouped giccid %}", giccid=ICCID)) == ICCID


def test_names_from_the_carrier_are_escaped_wherever_they_stand():
    evil = '"><script>alert(1)</script>'
    html = render(
        "{% identifier x %}{% identifier x x %}{% grouped x %}{% copy x x %}"
        '{% state "sim" x %}{% pill "sim" "ACTIVATED" x %}',
        x=evil,
    )
    assert "<script" not in html
    assert html.count("&lt;") >= 6


def test_a_state_is_a_hidden_glyph_and_a_word():
    html = render('{% state "sim" "DEACTIVATED" %}')
    assert 'aria-hidden="true"' in html
    assert "states.svg#pause" in html
    assert ">Suspended</span>" in html


def test_an_unknown_state_is_set_as_code():
    html = render('{% state "sim" "FROZEN_2" %}')
    assert "sp-tone-unknown" in html
    assert '<span class="sp-verbatim">FROZEN_2</span>' in html


def test_a_time_is_utc_and_machine_readable():
    at = datetime(2026, 11, 22, 11, 22, 31, tzinfo=UTC)
    html = render('{% when at "clock" %}', at=at)
    assert 'datetime="2026-11-22T11:22:31Z"' in html
    assert "11:22:31 UTC" in html
    assert html.endswith(">11:22:31</time>")


def test_a_time_nobody_read_is_said_so():
    assert render("{% when at %}", at=None) == "not read yet"
    assert render("{% age at %}", at=None) == "not read yet"


def test_a_meter_turns_amber_at_80_percent_and_red_over_100():
    tones = {
        used: re.search(
            r'class="sp-meter ?([^"]*)"', render("{% meter used whole %}", used=Decimal(used), whole=Decimal(100))
        )
        for used in ("79.99", "80", "100", "100.01")
    }
    assert {used: found[1] for used, found in tones.items()} == {
        "79.99": "",
        "80": "sp-meter-warn",
        "100": "sp-meter-warn",
        "100.01": "sp-meter-bad",
    }
    assert "102" not in render("{% meter used whole %}", used=Decimal("102"), whole=Decimal(100)).split(">")[0]


def test_no_allowance_has_no_meter():
    assert render("{% meter used whole %}", used=Decimal(5), whole=None) == ""
    assert render("{% meter used whole %}", used=None, whole=Decimal(5)) == ""


def test_the_address_of_a_place_is_that_of_its_page():
    assert render("{% place 'sims:list' %}") == "/sims/"
    with pytest.raises(NoReverseMatch):
        render("{% place 'sims:nowhere' %}")
