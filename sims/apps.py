from django.apps import AppConfig


class SimsConfig(AppConfig):
    name = "sims"
    default_auto_field = "django.db.models.BigAutoField"
