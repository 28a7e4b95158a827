from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enterprise", "0003_access")]

    operations = [
        migrations.AddField(
            model_name="sharepool",
            name="forecast",
            field=models.JSONField(null=True),
        ),
    ]
