"""Accounts, service packages and share pools of the one enterprise."""

from dataclasses import dataclass, field
from typing import Any

ENTERPRISE = {
    "name": "example_enterprise",
    "contactName": "A. Example",
    "contactPhone": "8613800000000",
    "contactEmail": "ops@example.com",
}
SEED_PO = "8723164786"
_DAYS = {"DAY": 86_400, "MONTH": 0, "YEAR": 365 * 86_400}


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    type: str
    payment: str
    data_mb: float | None
    sms: int | None
    voice: int | None
    price: float
    validity: int = 1
    unit: str = "MONTH"
    pool: str | None = None
    description: str = ""

    @property
    def is_prepaid(self) -> bool:
        return self.payment == "PREPAID"

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "paymentType": self.payment,
            "dataVolume": self.data_mb,
            "smsVolume": self.sms,
            "voiceVolume": self.voice,
            "validityPeriod": self.validity,
            "validityUnit": self.unit,
            "price": self.price,
            "currency": "USD",
            "sharePoolName": self.pool,
            "description": self.description,
        }


@dataclass(slots=True)
class Account:
    name: str
    customer: str
    po: str
    packages: tuple[int, ...]
    weight: float
    countries: tuple[str, ...] = ("DE", "CN")
    status: str = "NORMAL"
    balance: float = 1520.35
    charged: float = 0.0
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    name: str
    account: int
    package: int
    data_mb: float


_PACKAGES = (
    Package("Prepaid-Basic-10M", "BASIC", "PREPAID", 10.0, 10, 0, 0.5),
    Package("Prepaid-Basic-100M", "BASIC", "PREPAID", 100.0, 50, 0, 1.2, description="100 MB per month, prepaid"),
    Package("Prepaid-Basic-500M", "BASIC", "PREPAID", 500.0, 50, 0, 3.9),
    Package("Postpaid-Share-EU", "BASIC", "POSTPAID", 200.0, 0, 0, 2.0, pool="EU-Pool-50G"),
    Package("Addon-50M", "SUPPLEMENTARY", "PREPAID", 50.0, 0, 0, 1.0, validity=30, unit="DAY"),
    Package("Postpaid-Share-DACH", "BASIC", "POSTPAID", 250.0, 20, 0, 2.1, pool="DACH-Pool-2T"),
    Package("Postpaid-Share-Nordic", "BASIC", "POSTPAID", 150.0, 20, 0, 1.8, pool="Nordic-Pool-500G"),
    Package("Meter-Yearly-60M", "BASIC", "PREPAID", 60.0, 20, 0, 4.8, validity=1, unit="YEAR"),
    Package("Tracker-Voice-1G", "BASIC", "POSTPAID", 1024.0, None, 100, 5.5),
    Package("Addon-1G", "SUPPLEMENTARY", "PREPAID", 1024.0, 0, 0, 6.0, validity=30, unit="DAY"),
)
_COMMON = (0, 1, 2, 4)
_GENERATED = (
    ("halden-dach", "Halden Systems", (*_COMMON, 5, 7, 9), 46.0, ("DE", "AT", "CH", "FR")),
    ("halden-nordic", "Halden Systems", (*_COMMON, 6, 7, 9), 24.0, ("SE", "NO", "FI", "DK")),
    ("halden-iberia", "Halden Systems", (*_COMMON, 8, 9), 14.0, ("ES", "PT", "FR")),
    ("O'Neill & Sons", "O'Neill & Sons Ltd", (*_COMMON, 8), 9.0, ("IE", "GB")),
    ("北方 IoT", "北方物联", (0, 1, 4), 5.0, ("CN", "KZ")),
    ("halden/pilot", "Halden Systems", (*_COMMON, 7, 8), 2.0, ("DE", "NL", "PL")),
)


@dataclass
class Catalogue:
    """What the enterprise has bought; accounts and packages are known by their place in these lists."""

    accounts: list[Account] = field(default_factory=list)
    packages: list[Package] = field(default_factory=lambda: list(_PACKAGES))
    pools: list[Pool] = field(default_factory=list)

    @classmethod
    def build(cls, generated: int) -> "Catalogue":
        catalogue = cls()
        for name in ("example_account", "lab account"):
            catalogue.accounts.append(Account(name, "example_customer", SEED_PO, (0, 1, 2, 3, 4), 0.0))
        catalogue.pools.append(Pool("EU-Pool-50G", 0, 3, 51_200.0))
        for number in range(generated):
            catalogue.accounts.append(_generated_account(number))
        if generated > 0:
            catalogue.pools.append(Pool("DACH-Pool-2T", 2, 5, 2_097_152.0))
        if generated > 1:
            catalogue.pools.append(Pool("Nordic-Pool-500G", 3, 6, 512_000.0))
        return catalogue

    def account_index(self, name: str) -> int | None:
        for index, account in enumerate(self.accounts):
            if account.name == name and not account.removed:
                return index
        return None

    def package_index(self, name: str) -> int | None:
        return next((index for index, package in enumerate(self.packages) if package.name == name), None)

    def open_accounts(self) -> list[tuple[int, Account]]:
        return [(index, account) for index, account in enumerate(self.accounts) if not account.removed]

    def add_account(self, name: str, customer: str = "example_customer") -> int:
        """An account with the common packages; an account of that name that was removed comes back."""
        for index, account in enumerate(self.accounts):
            if account.name == name:
                account.removed = False
                return index
        self.accounts.append(Account(name, customer, SEED_PO, (0, 1, 2, 3, 4), 0.0))
        return len(self.accounts) - 1


def _generated_account(number: int) -> Account:
    po = str(8_723_200_000 + number * 137)
    if number < len(_GENERATED):
        name, customer, packages, weight, countries = _GENERATED[number]
        return Account(name, customer, po, packages, weight, countries, balance=25_000.0)
    return Account(f"fleet-{number + 1:03d}", "Halden Systems", po, (*_COMMON, 8), 20 / (number + 1))
