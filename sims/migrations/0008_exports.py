from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sims", "0007_working_sets")]

    operations = []
