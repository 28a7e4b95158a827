"""Reading again the SIMs that are next, where our copy has grown old since the dry run."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from batches import reread
from batches.models import BatchItem
from batches.pick import skip
from batches.step import Slice
from sims.sync.named import pages_named
from toolkit.database import let_go
from toolkit.live import ring

AT_ONCE = 100
CHANGED = "It has changed since the dry run."


def read_again(aged: Mapping[str, int], slice_: Slice) -> None:
    """Ask for these SIMs (ICCID → item), as far as the slice lasts; what the carrier does not show is skipped.

    Whether the others are as in the dry run is for the next pick to find. Raises what the client raises.
    """
    giccids = list(aged)
    for start in range(0, len(giccids), AT_ONCE):
        if slice_.is_over:
            return
        slice_.renew()
        let_go()
        some = giccids[start : start + AT_ONCE]
        pages = list(pages_named(slice_.client, some))
        with transaction.atomic():
            batch = slice_.locked()
            left = reread.keep(pages, some)
            why = dict.fromkeys(left.absent, reread.ABSENT) | dict.fromkeys(left.unreadable, reread.UNREADABLE)
            lost = BatchItem.objects.filter(pk__in=[aged[giccid] for giccid in why if giccid in aged])
            skip(batch, [(item, "changed", f"{CHANGED} {why[item.giccid]}") for item in lost])
            ring(*batch.topics)
