"""What a secret looks like in text: the fakes and the kit's own redaction read it here."""

import re
from collections.abc import Callable
from typing import Final

from udckit.fakes._tokens import decode_unverified

__all__ = ["PRIVATE_KEY", "TOKEN", "USERINFO", "masked"]

TOKEN: Final = re.compile(
    r"e(?:y[AJ]|w[0ko])[A-Za-z0-9_-]{2,}={0,2}\.[A-Za-z0-9_-]*={0,2}(?:\.[A-Za-z0-9_-]*={0,2})?"
)
"""Two or three base64url segments; the first begins as `{"` does, or `{` and white space.

Only what begins as every library writes it, `eyJ`, needs no second look.
"""
USERINFO: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@\"'<>]*):([^\s/\"'<>]+)@")
PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)


def masked(text: str, named: Callable[[str], str] = lambda _: "<token>") -> str:
    """The text without tokens, private keys and passwords in URLs; `named` names a token."""

    def replaced(found: re.Match[str]) -> str:
        token = found.group()
        is_one = token.startswith("eyJ") or decode_unverified(token) is not None
        return named(token) if is_one else token

    text = TOKEN.sub(replaced, text)
    return USERINFO.sub(r"\1:<password>@", PRIVATE_KEY.sub("<private key>", text))
