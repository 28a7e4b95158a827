import pytest
from django.test import Client


@pytest.fixture
def user(db, django_user_model):
    return django_user_model.objects.create_user("jonas")


@pytest.fixture
def client(user) -> Client:
    client = Client()
    client.force_login(user)
    return client
