from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from estate.health import SOURCES
        from journal.models import Event
        from journal.story import BECAUSE, EVIDENCE
        from notifications.health import signs
        from notifications.story import behind, pushed

        BECAUSE[Event.Cause.PUSH] = behind
        EVIDENCE[Event.Cause.OPERATION] = EVIDENCE[Event.Cause.BATCH_ITEM] = pushed
        SOURCES.append(signs)
