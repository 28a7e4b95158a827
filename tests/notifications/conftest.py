from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection


@pytest.fixture
def own_folder(settings: LazySettings, tmp_path: Path) -> Path:
    """A data folder of the test's own, for spool and tokens."""
    settings.PORTAL_DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def committed(transactional_db: None, own_folder: Path) -> None:
    """For tests whose intake commits on connections of its own; Django empties no partitioned table by itself."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE notifications_delivery, notifications_push, journal_event")
