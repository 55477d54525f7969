"""What a secret looks like in text: the fakes and the kit's own redaction read it here."""

import re
from collections.abc import Callable
from typing import Final

from udckit.fakes._tokens import decode_unverified

__all__ = ["PRIVATE_KEY", "USERINFO", "masked", "with_tokens"]

_TOKEN: Final = re.compile(
    r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]+={0,2}\.)([A-Za-z0-9_-]*?)"
    r"(e(?:y[AJ]|w[0ko])[A-Za-z0-9_-]{2,}={0,2}\.[A-Za-z0-9_-]*={0,2}(?:\.[A-Za-z0-9_-]*={0,2})?)"
)
"""Two or three base64url segments; the first begins as `{"` does, or `{` and white space.

What stands before it in the same word is a group of its own: a word is looked through once, and a
hostile one of a million characters costs no more than its length.
"""
USERINFO: Final = re.compile(
    r"((?<![a-zA-Z0-9+.-])[a-zA-Z0-9+.-]+://[^\s/:@\"'<>]*):([^\s/\"'<>]+)@"
)
"""A scheme is tried from its beginning alone: a long word costs no more than its length."""
PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)


def with_tokens(text: str, replaced: Callable[[str], str]) -> str:
    """The text with what `replaced` gives in place of each token.

    Only what begins as every library writes it, `eyJ`, is surely one.
    """
    return _TOKEN.sub(lambda found: found[1] + replaced(found[2]), text)


def masked(text: str, named: Callable[[str], str] = lambda _: "<token>") -> str:
    """The text without tokens, private keys and passwords in URLs; `named` names a token."""

    def replaced(token: str) -> str:
        is_one = token.startswith("eyJ") or decode_unverified(token) is not None
        return named(token) if is_one else token

    text = with_tokens(text, replaced)
    return USERINFO.sub(r"\1:<password>@", PRIVATE_KEY.sub("<private key>", text))
