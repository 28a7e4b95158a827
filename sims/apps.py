from django.apps import AppConfig


class SimsConfig(AppConfig):
    name = "sims"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from journal.models import Event
        from journal.story import BECAUSE, TELLERS
        from sims.notes import KIND, tell_notes
        from sims.operation_story import PROTECTION, behind, tell_protection

        TELLERS[KIND] = tell_notes
        TELLERS[PROTECTION] = tell_protection
        BECAUSE[Event.Cause.OPERATION] = behind
