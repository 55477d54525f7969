"""A DSSE envelope in its one canonical form: any other spelling of the same is refused."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, Final

from udckit.reports.certificate._errors import RefusedError
from udckit.reports.certificate._keys import PrivateKey, PublicKey

if TYPE_CHECKING:
    from securesystemslib.dsse import Envelope

__all__ = ["PAYLOAD_TYPE", "canonical", "opened", "sealed"]

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"

_LARGEST: Final = 4 << 20


def canonical(value: Any) -> bytes:
    """Spell JSON in one way: sorted names, no white space, ASCII."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def sealed(statement: dict[str, Any], key: PrivateKey) -> bytes:
    """Sign a statement, and give the envelope's bytes, ended by one line feed."""
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - 50 ms, for certificates only

    envelope = Envelope(canonical(statement), PAYLOAD_TYPE, {})
    envelope.sign(key.signer)
    return _spelled(envelope)


def opened(content: bytes, key: PublicKey) -> dict[str, Any]:
    """Verify an envelope, and give the statement in it.

    Raises:
        RefusedError: `form`, `canonical`, `key` or `signature`.
    """
    envelope = _parsed(content)
    if set(envelope.signatures) != {key.id}:
        signed_by = ", ".join(sorted(envelope.signatures)) or "nobody"
        raise RefusedError(
            "key",
            f"It is signed by key {_short(signed_by)}, and not by the key given, {_short(key.id)}.",
        )
    from securesystemslib.exceptions import VerificationError  # noqa: PLC0415 - as in `sealed`

    try:
        envelope.verify([key.key], 1)
    except VerificationError as trouble:
        raise RefusedError(
            "signature",
            "The signature does not fit: the statement was changed after it was signed.",
        ) from trouble
    statement = _json(envelope.payload, "Its statement")
    if canonical(statement) != envelope.payload:
        raise RefusedError(
            "canonical", "Its statement is not spelled in the canonical form that udckit writes."
        )
    return statement


def _parsed(content: bytes) -> Envelope:
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - as in `sealed`
    from securesystemslib.exceptions import FormatError  # noqa: PLC0415 - as in `sealed`

    if len(content) > _LARGEST:
        raise RefusedError("form", "This is no certificate: it is larger than any can be.")
    value = _json(content, "This")
    try:
        _must_be_base64(value["payload"], *(each["sig"] for each in value["signatures"]))
        envelope = Envelope.from_dict(value)
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        FormatError,
        binascii.Error,
    ) as trouble:
        raise RefusedError("form", "This is no certificate: it is no DSSE envelope.") from trouble
    if envelope.payload_type != PAYLOAD_TYPE:
        raise RefusedError("form", f"Its payload is no in-toto statement ({PAYLOAD_TYPE}).")
    if _spelled(envelope) != content:
        raise RefusedError(
            "canonical",
            "The envelope is not byte for byte in its canonical form: it was written again, or "
            "changed, by something else than udckit.",
        )
    return envelope


def _spelled(envelope: Envelope) -> bytes:
    return canonical(envelope.to_dict()) + b"\n"


def _must_be_base64(*texts: str) -> None:
    """Refuse what a lenient decoder would read over."""
    for each in texts:
        base64.b64decode(each, validate=True)


def _json(content: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as trouble:
        raise RefusedError("form", f"{what} is no JSON: cut off, or no certificate.") from trouble
    if not isinstance(value, dict):
        raise RefusedError("form", f"{what} is no JSON object.")
    return value


def _short(key_id: str) -> str:
    return f"{key_id[:12]}…"
