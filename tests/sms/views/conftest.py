from __future__ import annotations

import pytest
from django.test import Client as Browser


@pytest.fixture
def user(db, django_user_model):
    return django_user_model.objects.create_user("jonas", password="x", first_name="Jonas", last_name="Berg")


@pytest.fixture
def browser(user) -> Browser:
    """Signed in."""
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def client() -> Browser:
    """Somebody who is not."""
    return Browser()
