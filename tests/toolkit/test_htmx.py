import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxMiddleware

from toolkit.htmx import render_part, wants


def asked(**headers):
    request = RequestFactory().get("/", headers=headers)
    HtmxMiddleware(lambda request: HttpResponse())(request)
    return request


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({}, False),
        ({"HX-Request": "true", "HX-Target": "sims"}, True),
        ({"HX-Request": "true", "HX-Target": "other"}, False),
        ({"HX-Target": "sims"}, False),
        ({"HX-Request": "true", "HX-Target": "sims", "HX-History-Restore-Request": "true"}, False),
    ],
)
def test_a_part_is_answered_only_when_it_is_the_target(headers, wanted):
    assert wants(asked(**headers), "sims") is wanted


def test_page_and_part_are_never_cached_as_one():
    response = render_part(asked(), "404.html", {}, part="sims", status=404)
    assert response.status_code == 404
    assert {"HX-Request", "HX-Target"} <= set(response["Vary"].split(", "))
