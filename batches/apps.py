from django.apps import AppConfig


class BatchesConfig(AppConfig):
    name = "batches"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from batches.story import behind
        from journal.models import Event
        from journal.story import BECAUSE

        BECAUSE[Event.Cause.BATCH_ITEM] = behind
