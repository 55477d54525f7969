"""Faults as data, the proxy that applies them in front of any right droplet, and one droplet."""

from faults.fault import CATALOGUE, Fault, FaultDataError, all_faults, read_faults
from faults.plain_droplet import PlainDroplet
from faults.proxy import FaultProxy

__all__ = [
    "CATALOGUE",
    "Fault",
    "FaultDataError",
    "FaultProxy",
    "PlainDroplet",
    "all_faults",
    "read_faults",
]
