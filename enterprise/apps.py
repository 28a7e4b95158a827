from django.apps import AppConfig


class EnterpriseConfig(AppConfig):
    name = "enterprise"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from enterprise import pool_words

        pool_words.register()
