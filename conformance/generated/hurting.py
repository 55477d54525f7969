"""Values that are legal and yet hurt: what parsers, databases and languages stumble over."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["ADDRESSES", "HEADERS", "IDS", "KEYS", "NAMES", "QUERIES", "VALUES", "long"]


def long(size: int) -> str:
    """Make a text of that many letters."""
    return "u" * size


KEYS: Final = (
    *("", "__class__", "__proto__", "constructor", "toString", "a.b", "$where", "0", " ", "id"),
    *("ключ", "e\u0301", "💥", "self", "%s", "a/b", "null", "\t", long(300)),
)
"""Names of members of a free object."""

VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -0.0, -1, 1e-320, 0.1, 1.7e308),
    *(2**31, 2**32, 2**53 + 1, -(2**53) - 1, 2**63, 2**64, -(2**63)),
    *(
        "",
        " ",
        "0",
        "null",
        "NaN",
        "💥",
        "ё",
        "\u202e",
        "\u2028",
        "\x7f",
        "\\",
        '"',
        "%n",
        "{{7*7}}",
    ),
    *([], {}, [[]], [None], {"": {}}, [{}, [], "", 0, None], "2025-02-30T25:61:61Z", "1970-01-01"),
)
"""Values of a free member; each is JSON, and none is large."""

ADDRESSES: Final = (
    *("http://[2001:db8::1]:8000/callback", "http://[2001:db8::1]/", "http://[2001:db8::1"),
    *(
        "http://[fe80::1%25eth0]/",
        "http://udckit-probe.invalid:99999/",
        "http://udckit-probe.invalid:0/",
    ),
    *("http://udckit-probe.invalid:port/", "http://udckit\u2100.invalid/", "http://ü.invalid/"),
    *(
        "http://udckit-probe.invalid/%zz",
        "HTTP://UDCKIT-PROBE.INVALID",
        "http:/udckit-probe.invalid/",
    ),
    *(
        "http://",
        "//udckit-probe.invalid/",
        " http://udckit-probe.invalid/",
        "mailto:udckit@example.invalid",
    ),
    *(
        "",
        "udckit",
        "data:,x",
        "http://udckit-probe.invalid/a b?c=d#e",
        "http://..invalid/",
        long(2000),
    ),
)
"""Addresses for `reply_to` that nobody can fetch: .invalid, and prefixes kept for documents."""

NAMES: Final = (
    *(
        "two words",
        "ä",
        "漢字",
        "plus+sign",
        "at@sign",
        "a:b",
        "it's",
        "tilde~",
        "star*",
        "(b)",
        "a,b",
    ),
    *(
        "a=b",
        "a&b",
        "ünïcödé",
        "💥",
        "dot.dot",
        "UPPER",
        "%",
        "a%20b",
        "a%2Fb",
        "a/b",
        "a?b",
        "a#b",
    ),
    *(
        'quo"te',
        "back\\slash",
        "semi;colon",
        "<b>",
        "\t",
        "nul\0",
        "e\u0301",
        "\u202e",
        "..",
        long(200),
    ),
)
"""What follows `udckit-` in a name."""

IDS: Final = (
    *(
        "udckit-never-given",
        "💥",
        "%",
        "%00",
        "a%20b",
        "..",
        ".",
        " ",
        "-1",
        "0",
        "0x1",
        "1e3",
        "1.0",
    ),
    *(
        "null",
        "None",
        "undefined",
        "true",
        "{}",
        "*",
        "'",
        "a,b",
        long(500),
        "%ff",
        "00000000-0000",
    ),
    *("00000000-0000-0000-0000-000000000000", str(2**31), str(2**32), str(2**63), str(2**64)),
)
"""Ids in a path that nobody gave, percent-encoded where it says so."""

QUERIES: Final = (
    *(
        "?",
        "?=",
        "?a[]=1&a[]=2",
        "?a[b]=c",
        "?limit=-1",
        "?page=0",
        "?id=%00",
        "?x=%ff%fe",
        "?%F0%9F%92%A5=1",
    ),
    *("?a=1;b=2", "?__class__=1", "?" + "&".join(["a=1"] * 200), "?format=xml", "?callback=udckit"),
)

HEADERS: Final = (
    *(("Accept", "text/html"), ("Accept", ""), ("Accept-Encoding", "br;q=0.1, *;q=0")),
    *(
        ("Accept-Language", "*"),
        ("Range", "bytes=0-0"),
        ("If-None-Match", "*"),
        ("If-Match", '"x"'),
    ),
    *(("If-Modified-Since", "udckit"), ("X-Request-ID", ""), ("X-Request-ID", long(2000))),
    *(
        ("X-Forwarded-For", "udckit, 2001:db8::1"),
        ("Forwarded", "for=udckit"),
        ("Cookie", "=;a;b="),
    ),
    *(
        ("Origin", "null"),
        ("traceparent", "00-0-0-0"),
        ("X-HTTP-Method-Override", "GET"),
        ("Date", "x"),
    ),
)
