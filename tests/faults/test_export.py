"""A worker dies while it writes a file; the next one finds it and goes on."""

from pathlib import Path

import pytest

from tests.live import LiveStack
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(150)
LEFT_BEHIND = """
from datetime import timedelta
from uuid import uuid4
from django.db.models.functions import Now
from sims.export import chunks, jobs, store, work
from sims.export.wanted import Wanted
from sims.models import Export
from users.models import User
chunks.FIRST_ROWS = 10
export = jobs.request(Wanted(User.objects.get(), "", ["giccid", "status"]), "csv")
work.work_slice(export.pk, slice_s=0)
Export.objects.filter(pk=export.pk).update(lease_owner=uuid4(), lease_until=Now() + timedelta(seconds=2))
with store.path_of(export.file_name + store.PART).open("ab") as part:
    part.write(b'"898601180502')
print(store.path_of(export.file_name))
"""


def test_a_file_that_a_dead_worker_left_is_finished_by_another(live_stack: LiveStack) -> None:
    live_stack.wait_read()
    path = Path(live_stack.manage("shell", "-v", "0", "-c", LEFT_BEHIND).split()[-1])

    wait_until(path.exists, "the file has its name")

    lines = path.read_text("utf-8-sig").splitlines()
    giccids = [line.split('"')[1] for line in lines[1:]]
    assert len(giccids) == 60
    assert giccids == sorted(set(giccids))
    assert [each.name for each in path.parent.iterdir()] == [path.name]
