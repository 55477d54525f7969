"""The scanner finds what it is for, however it is written, and nothing else."""

from __future__ import annotations

import base64
import json

import pytest

from faults.scanner import secrets_in
from udckit.fakes import FakeRegistry, SigningKey

REGISTRY = FakeRegistry()
TOKEN = REGISTRY.mint(service_name="udckit-probe", service_id=7)
KEY = """-----BEGIN RSA PRIVATE KEY-----
MIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu
-----END RSA PRIVATE KEY-----"""
DSN = "postgresql://droplet:s3cret-of-theirs@db:5432/droplet"


@pytest.mark.parametrize(
    "secret",
    [TOKEN, KEY, DSN, "host=db password=hunter2hunter2"],
    ids=["token", "private key", "dsn", "keyword dsn"],
)
def test_secret_is_found(secret: str) -> None:
    assert secrets_in(f"before {secret} after")
    assert secrets_in(json.dumps({"body": secret}))
    assert secrets_in(json.dumps(json.dumps({"body": secret})))
    assert secrets_in(base64.b64encode(f"{secret} {'-' * 60}".encode()).decode())


@pytest.mark.parametrize(
    "text",
    [
        "<token:t3> and <private key>",
        "postgresql://droplet:<password>@db:5432/droplet",
        SigningKey.generate("of somebody else").sign({"service_id": 1}),
        TOKEN[:-6],
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
    ],
    ids=["placeholders", "redacted dsn", "a stranger's token", "cut token", "public key"],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert secrets_in(text) == []
