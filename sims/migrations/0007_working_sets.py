from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sims", "0006_tags")]

    operations = []
