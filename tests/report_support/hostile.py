"""A droplet that tries to take over whoever reads of it: every text of it is an attack."""

from __future__ import annotations

from typing import Final

from report_support.droplets import Speaker, always

__all__ = ["CANARY", "CORPUS", "HOSTILE"]

CANARY: Final = "udckitPwned"
"""The name that any of the attacks would set or call, were it to run."""

CORPUS: Final = (
    f"<script>{CANARY}(1)</script>",
    f'"><img src=x onerror={CANARY}(2)>',
    f"</script></style></title></textarea><svg/onload={CANARY}(3)>",
    f"' onmouseover='{CANARY}(4)' x='",
    f"javascript:{CANARY}(5)",
    f"[click](javascript:{CANARY}(6))",
    f"<iframe srcdoc='<script>parent.{CANARY}(7)</script>'></iframe>",
    "<link rel=stylesheet href=http://127.0.0.2:9/steal.css>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.2:9/'>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}${7*7}#{7*7}",
    "]]><!--<![CDATA[",
    "| a | b |\n|---|---|\n# heading\n```\n",
    "@everyone closes #1 http://127.0.0.2:9/ www.evil.example",
    "\x1b[31mred\x1b]0;title\x07\u202egpj.exe\u200b\x00\ufffe",
    "{0} [link](1) \\[x\\]",
    "&lt;script&gt;&#60;b&#62;",
)

_ALL: Final = " ".join(CORPUS)

HOSTILE: Final = Speaker(
    {
        "GET /health": always(
            200,
            lambda: {
                "status": CORPUS[0],
                "timestamp": CORPUS[1],
                "uptime_seconds": CORPUS[2],
                "version": _ALL,
                **dict.fromkeys(CORPUS, _ALL),
            },
        ),
        "GET /capabilities": always(
            200,
            lambda: {
                "service_name": _ALL,
                "droplet_id": _ALL,
                "capabilities": [_ALL],
                "supported_operations": _ALL,
                "integration_endpoints": [{"path": each, "method": each} for each in CORPUS],
            },
        ),
        "GET /state": always(200, lambda: {"status": _ALL, "mode": _ALL, "metrics": {_ALL: _ALL}}),
        "GET /dependencies": always(
            200,
            lambda: {
                "required_services": [{"name": _ALL, "host": _ALL}],
                "optional_services": _ALL,
                _ALL: _ALL,
            },
        ),
        "GET /openapi.json": always(
            200,
            lambda: {
                "openapi": "3.1.0",
                "paths": {f"/{each}": {each: {}} for each in CORPUS}
                | {f"/{_ALL}/{name}": {"get": {}} for name in ("health", "state")},
            },
        ),
        "POST /message": always(422, lambda: {"detail": [{"msg": _ALL, "loc": list(CORPUS)}]}),
    },
    unknown=(404, {"error": {"code": _ALL, "message": _ALL}}),
    headers=(
        ("X-Attack", f"<script>{CANARY}(8)</script>"),
        ("Server", f'"><img src=x onerror={CANARY}(9)>'),
    ),
)
