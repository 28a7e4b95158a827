"""The portal's addresses with Django's admin beside them: for comparing, never served."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("", include("smarthub_portal.urls"))]
