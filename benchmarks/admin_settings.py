"""The portal's settings with Django's admin beside its pages: the peer of the list and of the search."""

from smarthub_portal.settings import *  # noqa: F403
from smarthub_portal.settings import INSTALLED_APPS, STORAGES

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin"]
ROOT_URLCONF = "benchmarks.admin_urls"
ALLOWED_HOSTS = ["*"]
# Hashed names need `collectstatic`, which nothing here has run.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
