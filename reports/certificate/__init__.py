"""The certificate: a signed statement of what a run showed, for whom, by what, and until when."""

from udckit.reports.certificate._errors import CertificateError, NotIssuedError, RefusedError
from udckit.reports.certificate._issue import DAYS, issue
from udckit.reports.certificate._keys import (
    PrivateKey,
    PublicKey,
    generate,
    read_private_key,
    read_public_key,
)
from udckit.reports.certificate._statement import Subject, certificate_schema, commit, image
from udckit.reports.certificate._told import told
from udckit.reports.certificate._verify import Certificate, Demand, verify

__all__ = [
    "DAYS",
    "Certificate",
    "CertificateError",
    "Demand",
    "NotIssuedError",
    "PrivateKey",
    "PublicKey",
    "RefusedError",
    "Subject",
    "certificate_schema",
    "commit",
    "generate",
    "image",
    "issue",
    "read_private_key",
    "read_public_key",
    "told",
    "verify",
]
