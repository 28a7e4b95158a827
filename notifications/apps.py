from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from estate.health import SOURCES
        from journal.models import Event
        from journal.story import BECAUSE
        from notifications.health import signs
        from notifications.story import behind

        BECAUSE[Event.Cause.PUSH] = behind
        SOURCES.append(signs)
