"""Rows for tests of what reads the copy; what writes it has tests of its own."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from enterprise.models import Account, ServicePackage
from sims.identifiers import normalise
from sims.models import PageSims, Sim, SimIdentifier, SyncPage, SyncRun

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Kind = SimIdentifier.Kind
NUMBERS = {"imei": Kind.IMEI, "imsi": Kind.IMSI, "msisdn": Kind.MSISDN}


def make_account(name: str = "halden-dach") -> Account:
    return Account.objects.get_or_create(name=name, defaults={"read_at": NOW})[0]


def make_package(account: Account, name: str = "Prepaid-Basic-100M", mb: str | None = "100") -> ServicePackage:
    return ServicePackage.objects.create(account=account, name=name, data_volume_mb=mb and Decimal(mb), read_at=NOW)


def make_sim(giccid: str = "8986011805021000004", *, devices: list[dict[str, str]] | None = None, **fields) -> Sim:
    values = {
        "status": "ACTIVATED",
        "package": "Prepaid-Basic-100M",
        "data_usage_mb": Decimal("71.2"),
        "devices": devices or [],
    }
    times = {"read_at": NOW, "first_seen_at": NOW - timedelta(days=30), "changed_at": NOW - timedelta(days=2)}
    sim = Sim.objects.create(giccid=giccid, **{**values, **times, **fields})
    numbers = [(Kind.ICCID, 0, giccid)]
    for position, device in enumerate(sim.devices):
        numbers += [(NUMBERS[name], position, raw) for name, raw in device.items() if raw]
    for kind, position, raw in numbers:
        SimIdentifier.objects.create(sim=sim, kind=kind, position=position, value=normalise(kind, raw))
    return sim


def make_sims(count: int, **fields) -> list[Sim]:
    return [make_sim(f"8986011805021{number:06}", **fields) for number in range(1, count + 1)]


def make_run(**fields) -> SyncRun:
    values = {"kind": "full", "trigger": "plan", "state": "finished", "started_at": NOW, "finished_at": NOW}
    return SyncRun.objects.create(**{**values, **fields})


def make_page(run: SyncRun, sims: list[Sim], *, asked_at: datetime, page: int = 0) -> SyncPage:
    shown = PageSims.objects.create(sim_ids=sorted(sim.pk for sim in sims))
    return SyncPage.objects.create(run=run, account=make_account(), page=page, asked_at=asked_at, shown=shown)
