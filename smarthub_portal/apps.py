from django.apps import AppConfig


class SmarthubPortalConfig(AppConfig):
    name = "smarthub_portal"
    default_auto_field = "django.db.models.BigAutoField"
