"""The carrier's API client: plain Python, without Django and without Redis."""

from smarthub import errors
from smarthub.base_url import check_base_url
from smarthub.client import Client
from smarthub.decode import decode_sim, split_page
from smarthub.errors import RecordError
from smarthub.governor import Governor
from smarthub.models import Answer, Apn, ApnUsage, BasicPackage, Device, RawPage, Reply, Sim

__all__ = [
    "Answer",
    "Apn",
    "ApnUsage",
    "BasicPackage",
    "Client",
    "Device",
    "Governor",
    "RawPage",
    "RecordError",
    "Reply",
    "Sim",
    "check_base_url",
    "decode_sim",
    "errors",
    "split_page",
]
