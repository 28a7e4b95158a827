from django.db import migrations

TABLE = "enterprise_servicepackage"
SET = f"ALTER TABLE {TABLE} SET (autovacuum_analyze_threshold = 0, autovacuum_analyze_scale_factor = 0.1)"
RESET = f"ALTER TABLE {TABLE} RESET (autovacuum_analyze_threshold, autovacuum_analyze_scale_factor)"


class Migration(migrations.Migration):
    """A catalogue has too few rows for PostgreSQL to look at them by itself.

    Without statistics of it, a share of the allowance is found by going through all SIMs.
    """

    dependencies = [("enterprise", "0004_forecast")]

    operations = [migrations.RunSQL(SET, RESET)]
