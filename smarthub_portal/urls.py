from django.urls import URLPattern, URLResolver, include, path

from smarthub_portal import areas, health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", health.prometheus, name="metrics"),
    path("", include("users.urls")),
    path("", include("estate.urls")),
    path("", include("sims.urls")),
    path("", include("batches.urls")),
    path("", include("sms.urls")),
    path("", include("notifications.urls")),
    path("", include("enterprise.urls")),
    *areas.urlpatterns,
]

handler400 = "smarthub_portal.refusals.bad_request"
