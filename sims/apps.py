from django.apps import AppConfig


class SimsConfig(AppConfig):
    name = "sims"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from journal.story import TELLERS
        from sims.notes import KIND, tell_notes

        TELLERS[KIND] = tell_notes
