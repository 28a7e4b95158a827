from django.urls import path

from notifications import feed_views

app_name = "notifications"
urlpatterns = [
    path("events/stream/", feed_views.stream, name="stream"),
    path("events/", feed_views.events, name="events"),
    path("events/latest/", feed_views.latest, name="latest"),
    path("events/<int:event_id>/", feed_views.event, name="event"),
]
