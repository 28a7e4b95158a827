from django.urls import URLPattern, URLResolver, path

from smarthub_portal import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", health.prometheus, name="metrics"),
]
