"""Bytes that no JSON library writes, and bodies of a length that no HTTP library says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from udckit.conformance.generated.sending import Cases, a_beat, a_registration, a_task
from udckit.conformance.observation import MISSING
from udckit.conformance.probe import Ask, Probe

__all__ = ["raw"]

_DEEP: Final = 10_000
_SHORT: Final = 0.5
"""Seconds of patience with a server that waits for what never comes."""

_CHUNKED: Final = (("Transfer-Encoding", "chunked"),)

_FREE: Final = (
    *(
        b'{"a":1,"a":2}',
        b'{"":1,"":2}',
        rb'{"a":"\ud800"}',
        rb'{"\udfff":1}',
        rb'{"a":"\udc00\ud800"}',
    ),
    *(
        b'{"a":1e400}',
        b'{"a":-1e400}',
        b'{"a":1E+999999}',
        b'{"a":1e-999999}',
        b'{"a":-0}',
        b'{"a":-0.0}',
    ),
    *(b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":9007199254740993}', b'{"a":1e5}'),
    *(b'{"a":01}', b'{"a":+1}', b'{"a":.5}', b'{"a":1.}', b'{"a":0x10}', b"{'a':1}", b"{a:1}"),
    *(b'{"a":1,}', b'{"a":[1,]}', b'{"a":1}/* udckit */', b'{"a":"\xe2\x82"}', b'{"a":"\xc0\x80"}'),
    *(
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\x00"}',
        b'{"a":"\n"}',
        b'{"a":"\xff"}',
        rb'{"\u0061":1,"a":2}',
    ),
    *(
        rb'{"a":"\u0000"}',
        rb'{"\u0000":1}',
        rb'{"a":"\uFFFE"}',
        rb'{"a":"\x41"}',
        rb'{"a":"\u12"}',
        b"{",
    ),
)
"""Values for a free object, as they are written."""


def raw(service: Probe) -> Iterator[tuple[float, Cases]]:
    """Give the raw cases of a role, each with its share of what the ones before left."""
    grounds = list(_grounds(service))
    for number, (ask, free) in enumerate(grounds):
        yield 1 / (len(grounds) - number), _cases(ask, free)


def _grounds(service: Probe) -> Iterator[tuple[Ask, str]]:
    """Give the operations that take a body, each with a right request and a free member of it."""
    role = service.settings.role
    if role == "registry":
        yield a_registration("udckit-raw"), "udckit"
    if role == "orchestrator":
        yield a_task(), "data"
        yield a_beat(service), "metrics"
    yield service.a_message(), "payload"


def _cases(ask: Ask, free: str) -> Cases:
    whole = json.dumps(ask.json).encode()
    plain = {name: value for name, value in ask.json.items() if name != free}
    head = json.dumps(plain).encode()[:-1] + b', "%b": ' % free.encode()
    bare = replace(ask, json=MISSING)
    for body in _chunks(whole):
        yield replace(bare, body=body, headers=_CHUNKED, as_it_is=True)
    for body in _wholes(whole):
        yield replace(bare, body=body)
    for value in _FREE:
        yield replace(bare, body=head + value + b"}")
    deep = b'{"a":' + b"[" * _DEEP + b"]" * _DEEP + b"}"
    yield replace(bare, body=head + deep + b"}")
    yield replace(bare, body=head + b'{"a":' * _DEEP + b"1" + b"}" * _DEEP + b"}")
    for headers, body in _misframed(whole):
        yield replace(bare, body=body, headers=headers, as_it_is=True, deadline=_SHORT)


def _wholes(whole: bytes) -> Iterator[bytes]:
    """Give whole bodies that are wrong before anybody reads a member."""
    yield b"\xef\xbb\xbf" + whole
    yield whole.decode().encode("utf-16")
    yield whole.decode().encode("utf-32")
    yield whole + whole
    yield whole + b"\x00"
    yield b" " * 1000 + whole + b"\r\n" * 100
    for cut in (1, len(whole) // 2, len(whole) - 1):
        yield whole[:cut]
    yield from (b"", b" ", b"\x00", b"null", b"true", b"7", b'"udckit"', b"[]", b"[%b]" % whole)
    yield b"\x1f\x8b\x08\x00udckit"


def _chunks(whole: bytes) -> Iterator[bytes]:
    """Give a body in chunks, in each of the spellings that HTTP/1.1 has for it."""
    chunk = b"%x\r\n%b\r\n" % (len(whole), whole)
    yield chunk + b"0\r\n\r\n"
    yield b"".join(b"1\r\n%c\r\n" % each for each in whole) + b"0\r\n\r\n"
    yield b"%X;udckit=1\r\n%b\r\n0\r\n\r\n" % (len(whole), whole)
    yield chunk + b"0\r\nX-Udckit: 1\r\n\r\n"


def _misframed(whole: bytes) -> Iterator[tuple[tuple[tuple[str, str], ...], bytes]]:
    """Give headers that say wrongly how long a body is, and the body as it stands on the wire."""
    size = len(whole)
    chunk = b"%x\r\n%b\r\n" % (size, whole)
    yield _CHUNKED, b"udckit\r\n%b\r\n0\r\n\r\n" % whole
    yield _CHUNKED, b"-1\r\n\r\n"
    yield _CHUNKED, b"ffffffffffffffff1\r\n%b\r\n0\r\n\r\n" % whole
    for length in ("-1", "udckit", f"{size}, {size}", f"+{size}", "1e3", str(2**64), "0"):
        yield (("Content-Length", length),), whole
    yield (("Content-Length", str(size - 1)),), whole
    yield (("Content-Length", str(size)), ("Content-Length", str(size + 1))), whole
    yield (("Content-Length", str(size)), *_CHUNKED), chunk + b"0\r\n\r\n"
    yield (("Transfer-Encoding", "udckit"),), whole
