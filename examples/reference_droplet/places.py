"""Which URLs can be called at all, and whom one would reach there."""

import re
from ipaddress import IPv6Address
from urllib.parse import SplitResult, urlsplit

from reference_droplet.discovery import Place

LONGEST_URL = 2048
PRINTABLE = re.compile(r"[!-\[\]-~]+")  # ASCII without blanks and without the backslash
HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.IGNORECASE)
PORTS = {"http": 80, "https": 443}


def usable_url(url: str) -> str:
    """The URL itself. Raises ValueError for what is no absolute http or https URL of a host."""
    if len(url) > LONGEST_URL or not PRINTABLE.fullmatch(url):
        raise ValueError("must be printable ASCII, and not too long")
    parts = urlsplit(url)
    host, port = parts.hostname, parts.port
    if parts.scheme not in PORTS or not host or port == 0 or "@" in parts.netloc:
        raise ValueError("must be an absolute http or https URL without user")
    if "[" in parts.netloc:
        IPv6Address(host)
    elif not HOST_NAME.fullmatch(host):
        raise ValueError("must name a host")
    return url


def place_of(url: str) -> Place:
    """Host and port that a usable URL leads to."""
    parts: SplitResult = urlsplit(url)
    return Place((parts.hostname or "").lower(), parts.port or PORTS.get(parts.scheme, 80))
