from django.apps import AppConfig


class SmsConfig(AppConfig):
    name = "sms"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from journal.story import TELLERS, WHOLE
        from sms.story import KINDS
        from sms.telling import tell

        for kind in KINDS:
            TELLERS[kind] = tell
        WHOLE.update(KINDS)
