"""What a certificate refuses to be made with: keys of another kind, subjects that name nothing."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from udckit.conformance import InvocationError
from udckit.reports.certificate import commit, image, read_private_key, read_public_key


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    rsa = generate_private_key(65537, 2048)
    (tmp_path / "rsa").write_bytes(
        rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (tmp_path / "rsa.pub").write_bytes(
        rsa.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )

    with pytest.raises(InvocationError, match="want Ed25519"):
        read_private_key(tmp_path / "rsa")
    with pytest.raises(InvocationError, match="want Ed25519"):
        read_public_key(tmp_path / "rsa.pub")
    with pytest.raises(InvocationError, match="holds no public key"):
        read_public_key(tmp_path / "rsa")


@pytest.mark.parametrize("text", ["shop:latest", "sha256:ab", "shop@sha512:" + "0" * 64, ""])
def test_an_image_without_its_digest_names_nothing(text: str) -> None:
    with pytest.raises(InvocationError, match="names no image for good"):
        image(text)


def test_an_abbreviated_commit_names_nothing() -> None:
    with pytest.raises(InvocationError, match="no whole git commit id"):
        commit("0123456")
