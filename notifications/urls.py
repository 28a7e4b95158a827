from django.urls import path

from notifications import feed_views, inbox_views, setup_views

app_name = "notifications"
urlpatterns = [
    path("events/stream/", feed_views.stream, name="stream"),
    path("events/", feed_views.events, name="events"),
    path("events/latest/", feed_views.latest, name="latest"),
    path("events/inbox/", inbox_views.inbox, name="inbox"),
    path("events/inbox/replay/", inbox_views.replay_pushes, name="replay"),
    path("events/inbox/<str:push>/", inbox_views.push, name="push"),
    path("events/setup/", setup_views.setup, name="setup"),
    path("events/setup/tokens/", setup_views.add, name="token-add"),
    path("events/setup/tokens/<int:token_id>/revoke/", setup_views.revoke, name="token-revoke"),
    path("events/setup/test/", setup_views.send, name="test-push"),
    path("events/<int:event_id>/", feed_views.event, name="event"),
]
