import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.test import RequestFactory

from smarthub_portal.refusals import bad_request
from tests.page import text


def answer(error):
    return bad_request(RequestFactory().post("/sims/paste/"), error)


def test_a_body_that_is_too_big_is_told_so():
    response = answer(RequestDataTooBig("x"))
    assert response.status_code == 413
    assert "More than 5 MB were sent" in text(response)


@pytest.mark.parametrize("error", [SuspiciousOperation("x"), ValueError("x")])
def test_anything_else_is_a_bad_request(error):
    response = answer(error)
    assert response.status_code == 400
    assert "could not be read" in text(response)
