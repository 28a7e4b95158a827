from django.db import migrations

FEED = """
-- the feed by kind, newest first; all of it, newest first, is the primary key
CREATE INDEX journal_event_feed_kind ON journal_event (kind, recorded_at DESC, id DESC);
-- the feed of an account, and of who may see a few accounts only
CREATE INDEX journal_event_feed_account ON journal_event (account_id, recorded_at DESC, id DESC);
-- the feed of what matters; nearly all events are info and need no index for it
CREATE INDEX journal_event_feed_severity ON journal_event (severity, recorded_at DESC, id DESC)
    WHERE severity <> 'info';
"""
NO_FEED = """
DROP INDEX journal_event_feed_kind;
DROP INDEX journal_event_feed_account;
DROP INDEX journal_event_feed_severity;
"""


class Migration(migrations.Migration):
    dependencies = [("journal", "0002_story_order")]

    operations = [migrations.RunSQL(FEED, NO_FEED)]
