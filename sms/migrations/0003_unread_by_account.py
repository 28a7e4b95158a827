from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sms", "0002_leaving")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("direction", "mo"), ("read_at__isnull", True)),
                fields=["account"],
                name="message_unread_account",
            ),
        ),
    ]
