from enterprise.models.access import AccountAccess
from enterprise.models.account import Account, AccountDay, Enterprise, ServicePackage
from enterprise.models.country import CountryDay, CountryDayRead
from enterprise.models.pool import PoolReading, SharePool
from enterprise.models.source import Source

__all__ = [
    "Account",
    "AccountAccess",
    "AccountDay",
    "CountryDay",
    "CountryDayRead",
    "Enterprise",
    "PoolReading",
    "ServicePackage",
    "SharePool",
    "Source",
]
