from __future__ import annotations

import time
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from tqdm import tqdm

from enterprise.catalogue import read_enterprise
from enterprise.models import Account
from sims.models import Sim, SyncRun
from sims.sync import runs, work
from smarthub import Client
from smarthub.errors import CarrierError
from smarthub.targets import is_giccid
from toolkit.carrier import NoCarrier, carrier
from toolkit.carrier_words import words_for
from toolkit.governor import Lane

FOLLOW_EVERY_S = 0.5
PATIENCE_S = 300


class Command(BaseCommand):
    help = "Read the fleet from the carrier now; follows a run that is under way. Exit status 0: complete, 1: not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--account", metavar="NAME", help="only the SIMs of this account")
        what.add_argument("--giccid", metavar="G", nargs="+", help="only these SIMs")

    def handle(self, *args: Any, account: str | None = None, giccid: list[str] | None = None, **options: Any) -> None:
        client = _client()
        run = self._requested(client, account, giccid)
        self._follow(run.pk, client)
        run.refresh_from_db()
        if run.state != SyncRun.State.FINISHED:
            raise CommandError(f"Run {run.pk} stopped. {run.note}", returncode=1)
        self.stdout.write(_summary(run))
        for problem in [*run.errors, *filter(None, [run.note])]:
            self.stderr.write(problem)
        _name_left_out(run, giccid or [])

    def _requested(self, client: Client, account: str | None, giccids: list[str] | None) -> SyncRun:
        trigger = SyncRun.Trigger.COMMAND
        if giccids:
            return runs.request_named([_checked(giccid) for giccid in giccids], trigger=trigger)
        if account is None:
            return runs.request_full(trigger=trigger)
        return runs.request_account(_account(client, account), trigger=trigger)

    def _follow(self, run_id: int, client: Client) -> None:
        """Work the run, or watch whoever works it, until it ends; a database that is away is waited for."""
        away_since: float | None = None
        with tqdm(unit=" SIMs", desc=f"Run {run_id}") as bar:
            while True:
                try:
                    if not _shown(run_id, bar).is_open:
                        return
                    work.work_slice(run_id, client, on_step=partial(_show, run_id, bar))
                    away_since = None
                except OperationalError as error:
                    away_since = away_since or time.monotonic()
                    if time.monotonic() - away_since > PATIENCE_S:
                        raise CommandError(f"The database is away: {error}", returncode=1) from None
                    connection.close()
                time.sleep(FOLLOW_EVERY_S)


def _client() -> Client:
    try:
        return carrier(Lane.SYNC)
    except NoCarrier as error:
        raise CommandError(words_for(error), returncode=2) from None


def _name_left_out(run: SyncRun, giccids: list[str]) -> None:
    """Say which of the SIMs asked for by name were in no answer."""
    seen = {sim_id for sim_ids in run.page_rows.values_list("shown__sim_ids", flat=True) for sim_id in sim_ids}
    shown = set(Sim.objects.filter(pk__in=seen).values_list("giccid", flat=True))
    shown |= set(run.set_aside.values_list("giccid", flat=True))
    if left_out := [giccid for giccid in giccids if giccid not in shown]:
        raise CommandError(f"The carrier does not know {', '.join(left_out)}.", returncode=1)


def _account(client: Client, name: str) -> Account:
    """The account of this name, asking the carrier for its accounts when it is not known here yet."""
    try:
        if not Account.objects.filter(name=name).exists():
            read_enterprise(client)
        return Account.objects.get(name=name)
    except CarrierError as error:
        raise CommandError(words_for(error), returncode=1) from None
    except Account.DoesNotExist:
        known = ", ".join(Account.objects.values_list("name", flat=True)) or "none yet"
        raise CommandError(f"No account is called {name!r}. Known: {known}.", returncode=2) from None


def _checked(giccid: str) -> str:
    if not is_giccid(giccid):
        raise CommandError(f"{giccid[:40]!r} is no ICCID: 1 to 32 letters and digits.", returncode=2)
    return giccid


def _show(run_id: int, bar: tqdm[Any]) -> None:
    _shown(run_id, bar)


def _shown(run_id: int, bar: tqdm[Any]) -> SyncRun:
    """The run as it stands, with the bar moved there."""
    run = SyncRun.objects.get(pk=run_id)
    bar.total = run.sims_expected or None
    bar.update(run.read - bar.n)
    return run


def _summary(run: SyncRun) -> str:
    figures = f"{run.read:,} read, {run.new:,} new, {run.changed:,} changed"
    missing = "" if run.missing is None else f", {run.missing:,} missing"
    aside = f", {run.kept_aside:,} kept aside" if run.kept_aside else ""
    return f"Run {run.pk} complete: {figures}{missing}{aside}, {run.requests:,} requests."
