import pytest
from django.db import connection

from enterprise.models import ServicePackage


@pytest.mark.django_db
def test_a_few_packages_are_enough_to_be_analysed():
    """Filters by share of allowance join them; without statistics the planner goes through all SIMs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = %s", [ServicePackage._meta.db_table])
        options = dict(option.split("=") for option in cursor.fetchone()[0])
    assert options["autovacuum_analyze_threshold"] == "0"
    assert float(options["autovacuum_analyze_scale_factor"]) <= 0.1
