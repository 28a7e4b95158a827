from django.db import migrations

# How many items stand where, counted with the statement that moves them: a page of 100,000 items asks for a few rows.
COUNT = """
CREATE FUNCTION batches_count_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO batches_batchcount AS c (batch_id, verdict, state, is_stale, n)
        SELECT batch_id, verdict, state, is_stale, count(*) FROM now_rows GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (batch_id, verdict, state, is_stale) DO UPDATE SET n = c.n + excluded.n;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO batches_batchcount AS c (batch_id, verdict, state, is_stale, n)
        SELECT batch_id, verdict, state, is_stale, sum(moved) FROM (
            SELECT batch_id, verdict, state, is_stale, 1 AS moved FROM now_rows
            UNION ALL SELECT batch_id, verdict, state, is_stale, -1 FROM was_rows
        ) AS each GROUP BY 1, 2, 3, 4 HAVING sum(moved) <> 0 ORDER BY 1, 2, 3, 4
        ON CONFLICT (batch_id, verdict, state, is_stale) DO UPDATE SET n = c.n + excluded.n;
    ELSE
        UPDATE batches_batchcount c SET n = c.n - gone.n
        FROM (SELECT batch_id, verdict, state, is_stale, count(*) AS n FROM was_rows GROUP BY 1, 2, 3, 4) AS gone
        WHERE (c.batch_id, c.verdict, c.state, c.is_stale)
            = (gone.batch_id, gone.verdict, gone.state, gone.is_stale);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER batches_items_made AFTER INSERT ON batches_batchitem REFERENCING NEW TABLE AS now_rows
    FOR EACH STATEMENT EXECUTE FUNCTION batches_count_items();
CREATE TRIGGER batches_items_moved AFTER UPDATE ON batches_batchitem REFERENCING OLD TABLE AS was_rows
    NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION batches_count_items();
CREATE TRIGGER batches_items_gone AFTER DELETE ON batches_batchitem REFERENCING OLD TABLE AS was_rows
    FOR EACH STATEMENT EXECUTE FUNCTION batches_count_items();
"""
UNCOUNT = """
DROP TRIGGER batches_items_made ON batches_batchitem;
DROP TRIGGER batches_items_moved ON batches_batchitem;
DROP TRIGGER batches_items_gone ON batches_batchitem;
DROP FUNCTION batches_count_items();
"""


class Migration(migrations.Migration):
    dependencies = [("batches", "0001_batches")]

    operations = [migrations.RunSQL(COUNT, UNCOUNT)]
