from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sims", "0012_page_mark"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(fields=["username", "-id"], name="operation_user"),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(fields=["verb", "-id"], name="operation_verb"),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(fields=["created_at"], name="operation_asked"),
        ),
    ]
