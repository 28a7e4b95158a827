from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_replay")]

    operations = [migrations.DeleteModel(name="Turn")]
