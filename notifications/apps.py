from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from journal.models import Event
        from journal.story import BECAUSE
        from notifications.story import behind

        BECAUSE[Event.Cause.PUSH] = behind
