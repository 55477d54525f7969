"""Ed25519 keys in PEM files: made once, kept by whoever's word the certificate should carry."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from udckit.conformance import InvocationError

if TYPE_CHECKING:
    from securesystemslib.signer import (  # type: ignore[attr-defined]  # they re-export without __all__
        CryptoSigner,
        SSlibKey,
    )

__all__ = ["PrivateKey", "PublicKey", "generate", "read_private_key", "read_public_key"]

_OWNER_ONLY: Final = 0o600
_EVERYBODY: Final = 0o644


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What a certificate is verified with; `id` is derived from the key, so it cannot lie."""

    key: SSlibKey

    @property
    def id(self) -> str:
        """The key's id: 64 hexadecimal digits."""
        return str(self.key.keyid)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """What a certificate is signed with."""

    signer: CryptoSigner

    @property
    def public(self) -> PublicKey:
        """The half that everybody may have."""
        return PublicKey(self.signer.public_key)


def generate(path: Path, *, password: str | None = None) -> tuple[Path, Path]:
    """Make a key pair: the private key at `path`, the public one beside it with `.pub` added.

    The private file is its owner's alone; a password encrypts it. Nothing is ever overwritten.

    Raises:
        InvocationError: one of the files is there already, or cannot be written.
    """
    from cryptography.hazmat.primitives import (  # noqa: PLC0415 - 30 ms, for keys only
        serialization as pem,
    )
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
        Ed25519PrivateKey,
    )

    key = Ed25519PrivateKey.generate()
    protection: pem.KeySerializationEncryption = pem.NoEncryption()
    if password:
        protection = pem.BestAvailableEncryption(password.encode())
    private = key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, protection)
    public = key.public_key().public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)
    beside = path.with_name(path.name + ".pub")
    for each in (path, beside):
        if each.exists():
            raise InvocationError(
                f"{each} is there already, and a key is never overwritten: what it signed could "
                "not be verified any more. Choose another name."
            )
    _write_new(path, private, _OWNER_ONLY)
    _write_new(beside, public, _EVERYBODY)
    return path, beside


def read_private_key(path: Path, *, password: str | None = None) -> PrivateKey:
    """Read an Ed25519 private key.

    Raises:
        InvocationError: there is none, it is another kind of key, or the password is wrong.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - 30 ms, for keys only
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
        load_pem_private_key,
    )
    from securesystemslib.signer import (  # type: ignore[attr-defined]  # they re-export without __all__  # noqa: PLC0415 - as above
        CryptoSigner,
        SSlibKey,
    )

    try:
        key = load_pem_private_key(_content(path), password.encode() if password else None)
    except TypeError as trouble:
        raise InvocationError(
            f"{path} is encrypted: give its password in UDCKIT_KEY_PASSWORD."
            if not password
            else f"{path} is not encrypted, and a password was given."
        ) from trouble
    except ValueError as trouble:
        raise InvocationError(
            f"{path} holds no private key that can be read{' with this password' * bool(password)}."
        ) from trouble
    if not isinstance(key, Ed25519PrivateKey):
        raise InvocationError(f"{path} holds another kind of key; certificates want Ed25519.")
    return PrivateKey(CryptoSigner(key, SSlibKey.from_crypto(key.public_key())))


def read_public_key(path: Path) -> PublicKey:
    """Read an Ed25519 public key.

    Raises:
        InvocationError: there is none, or it is another kind of key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - 30 ms, for keys only
        Ed25519PublicKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
        load_pem_public_key,
    )
    from securesystemslib.signer import (  # type: ignore[attr-defined]  # they re-export without __all__  # noqa: PLC0415 - as above
        SSlibKey,
    )

    try:
        key = load_pem_public_key(_content(path))
    except ValueError as trouble:
        raise InvocationError(
            f"{path} holds no public key; give the .pub file that `udckit cert keygen` left."
        ) from trouble
    if not isinstance(key, Ed25519PublicKey):
        raise InvocationError(f"{path} holds another kind of key; certificates want Ed25519.")
    return PublicKey(SSlibKey.from_crypto(key))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as trouble:
        raise InvocationError(f"The key {path} cannot be read: {trouble}") from trouble


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
    except OSError as trouble:
        raise InvocationError(f"The key cannot be written: {trouble}") from trouble
