"""What a secret looks like in text."""

import re
from collections.abc import Callable

__all__ = ["masked"]

_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?")
_PRIVATE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_USERINFO = re.compile(r"(://[^\s/:@\"'<>]*):[^\s/@\"'<>]+@")


def masked(text: str, named: Callable[[str], str] = lambda _: "<token>") -> str:
    """The text without tokens, private keys and passwords in URLs; `named` names a token."""
    text = _TOKEN.sub(lambda found: named(found.group()), text)
    return _USERINFO.sub(r"\1:<password>@", _PRIVATE.sub("<private key>", text))
