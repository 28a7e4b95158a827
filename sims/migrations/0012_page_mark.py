from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sims", "0011_operations")]

    operations = [
        migrations.AddField("syncpage", "mark", models.BigIntegerField(null=True)),
        migrations.AddField("syncpage", "digest_sum", models.BigIntegerField(null=True)),
    ]
