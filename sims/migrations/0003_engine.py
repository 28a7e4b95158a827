from datetime import UTC, datetime

from django.db import migrations

from toolkit.partitions import ensure_months

USAGE = """
CREATE TABLE sims_usageday (
    day date NOT NULL,
    sim_id bigint NOT NULL,
    cycle date NOT NULL,
    data_usage_mb numeric(18, 3) NOT NULL,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (sim_id, day, cycle)
) PARTITION BY RANGE (day);
CREATE TABLE sims_usageday_default PARTITION OF sims_usageday DEFAULT;
"""

# A page of the SIM table keeps room, so that moving usage rewrites no index.
FILLFACTOR = "ALTER TABLE sims_sim SET (fillfactor = 85)"

COUNTS = """
CREATE FUNCTION sims_count_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sims_simcountdelta (account_id, status, package, is_missing, n)
    SELECT COALESCE(account_id, 0), status, package, missing_since IS NOT NULL, count(*)
    FROM now_rows GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END $$;

CREATE FUNCTION sims_count_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sims_simcountdelta (account_id, status, package, is_missing, n)
    SELECT COALESCE(account_id, 0), status, package, missing_since IS NOT NULL, -count(*)
    FROM was_rows GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END $$;

CREATE FUNCTION sims_count_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sims_simcountdelta (account_id, status, package, is_missing, n)
    SELECT account_id, status, package, is_missing, sum(n)
    FROM (
        SELECT COALESCE(account_id, 0) AS account_id, status, package, missing_since IS NOT NULL AS is_missing, 1 AS n
        FROM now_rows
        UNION ALL
        SELECT COALESCE(account_id, 0), status, package, missing_since IS NOT NULL, -1
        FROM was_rows
    ) AS both_rows
    GROUP BY 1, 2, 3, 4
    HAVING sum(n) <> 0;
    RETURN NULL;
END $$;

CREATE TRIGGER sims_count_insert AFTER INSERT ON sims_sim
    REFERENCING NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION sims_count_inserted();
CREATE TRIGGER sims_count_delete AFTER DELETE ON sims_sim
    REFERENCING OLD TABLE AS was_rows FOR EACH STATEMENT EXECUTE FUNCTION sims_count_deleted();
CREATE TRIGGER sims_count_update AFTER UPDATE ON sims_sim
    REFERENCING OLD TABLE AS was_rows NEW TABLE AS now_rows
    FOR EACH STATEMENT EXECUTE FUNCTION sims_count_updated();
"""

UNCOUNT = """
DROP TRIGGER sims_count_update ON sims_sim;
DROP TRIGGER sims_count_delete ON sims_sim;
DROP TRIGGER sims_count_insert ON sims_sim;
DROP FUNCTION sims_count_updated, sims_count_deleted, sims_count_inserted;
"""


def first_months(apps, schema_editor):
    ensure_months("sims_usageday", today=datetime.now(UTC).date())


class Migration(migrations.Migration):
    dependencies = [("sims", "0002_initial")]

    operations = [
        migrations.RunSQL(USAGE, "DROP TABLE sims_usageday"),
        migrations.RunPython(first_months, migrations.RunPython.noop),
        migrations.RunSQL(FILLFACTOR, migrations.RunSQL.noop),
        migrations.RunSQL(COUNTS, UNCOUNT),
    ]
