"""`udckit certify --init`: a commented udckit.toml, from the folder and what the target shows."""

from __future__ import annotations

import json
import re
import tempfile
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from udckit._door import options_from
from udckit.cli._run import Manner
from udckit.cli._screen import complain
from udckit.conformance import (
    DECLARABLE,
    EXIT,
    InvocationError,
    UnreachableError,
    certify,
)

__all__ = ["guessed_launch", "write_configuration"]

_NAME: Final = "udckit.toml"
_APP: Final = re.compile(
    r"^(\w+)(?::[^=]+)?\s*=\s*(FastAPI|Starlette|Litestar|Quart|Flask)\(", re.MULTILINE
)
_PLACES: Final = ("*.py", "app/*.py", "src/*.py")
_EXAMPLE: Final = "uvicorn app:app --port {port}"
_LOOK: Final = "UDC-HEALTH-001"


def write_configuration(typed: Mapping[str, Any], manner: Manner) -> int:
    """Write udckit.toml into the current folder; give the exit code."""
    path = Path(_NAME)
    if path.exists():
        complain(f"{_NAME} is there already; remove it first, or edit it.")
        return EXIT["invocation"]
    try:
        shown = _shown(typed)
    except InvocationError as mistake:
        complain(str(mistake))
        return EXIT["invocation"]
    except UnreachableError as silence:
        complain(str(silence))
        return EXIT["unreachable"]
    path.write_text(_configuration(typed, shown), encoding="utf-8")
    if not manner.quiet:
        click.echo(f"wrote {_NAME}; read it, then run: udckit certify")
    return EXIT["certified"]


def _shown(typed: Mapping[str, Any]) -> Mapping[str, bool | None] | None:
    """Look at the target, where one is given, for what it shows by itself."""
    if not any(typed.get(name) for name in ("url", "launch", "app")):
        return None
    with tempfile.TemporaryDirectory(prefix="udckit-") as folder:
        options = options_from({**typed, "report_dir": folder})
        record = certify(replace(options, only=(_LOOK,), safety="read-only"))
    return {line["name"]: line["shown"] for line in record.lines("capability")}


def guessed_launch(folder: Path) -> str | None:
    """Guess from the files of a folder how its service is started; None where nothing tells."""
    for pattern in _PLACES:
        for source in sorted(folder.glob(pattern)):
            found = _APP.search(source.read_text(encoding="utf-8", errors="replace"))
            if found is not None:
                module = ".".join(source.relative_to(folder).with_suffix("").parts)
                app = f"{module}:{found.group(1)}"
                return (
                    f"flask --app {app} run --port {{port}}"
                    if found.group(2) == "Flask"
                    else f"uvicorn {app} --port {{port}}"
                )
    package = folder / "package.json"
    if package.is_file() and '"start"' in package.read_text(encoding="utf-8", errors="replace"):
        return "npm start"
    return None


def _configuration(typed: Mapping[str, Any], shown: Mapping[str, bool | None] | None) -> str:
    launch = typed.get("launch") or guessed_launch(Path())
    lines = [
        "# What udckit cannot know of this service; what is typed comes before it.",
        "# `udckit certify` reads it; `udckit certify --help` says what each option means.",
        "",
        "# The command that starts it. {port} is replaced; SERVICE_PORT, REGISTRY_URL,",
        "# ORCHESTRATOR_URL, SERVICE_NAME and DROPLET_ID are in its environment.",
        _setting("launch", launch or _EXAMPLE, sure=launch is not None and not typed.get("app")),
        "",
        "# Or an ASGI app of this folder, served in-process.",
        _setting("app", typed.get("app") or "app:app", sure=bool(typed.get("app"))),
        "",
        "# droplet, registry or orchestrator",
        _setting("role", typed.get("role") or "droplet", sure=bool(typed.get("role"))),
        "",
        *_capabilities(typed, shown),
        "",
        "# A request that makes it call the peer whose name stands for {peer}, and further ones by",
        "# which it sends a message with reply_to or gives work to the Orchestrator: what it does",
        "# as a caller is seen by them. A table may say method, path, body, expects and peer.",
        '# trigger = ["GET /peers/{peer}"]',
        "",
        "# Where the contract's paths begin, if not at the root (UDC-ALL-001 then fails).",
        _setting("base_path", typed.get("base_path") or "/api", sure=bool(typed.get("base_path"))),
        "",
        "# Requests per second; on loopback there is no limit, elsewhere it is 5.",
        _setting("rate", typed.get("rate") or 5.0, sure=bool(typed.get("rate"))),
        "",
        "# Seconds: the whole run, its start, and what /health may take.",
        _setting("max_time", typed.get("max_time") or 300.0, sure=bool(typed.get("max_time"))),
        _setting("startup", 40.0, sure=False),
        _setting("health_budget", typed.get("health_budget") or 0.1, sure=False),
        "",
        "# What is known to be broken, why, and the last day on which that may stand: the exit",
        "# code leaves it out, and a row that passes or is listed too long is exit code 1.",
        "# [[known-failures]]",
        '# id = "UDC-HEALTH-006"',
        '# reason = "The health check still asks the billing API itself."',
        "# expires = 2027-03-31",
        "",
        "# Headers that a gateway in front of it wants. Keep secrets out of this file.",
        "# [headers]",
        '# X-Site = "blue"',
        "",
        "# What stands behind it: stage resilience takes each away and gives it back. The droplet",
        "# finds a database by DATABASE_URL, Redis by REDIS_URL, REDIS_HOST and REDIS_PORT.",
        "# [dependencies.database]",
        '# url = "postgresql://localhost:5432/test"',
        "# [dependencies.redis]",
        '# url = "redis://localhost:6379/0"',
        "# [dependencies.external-api]",
        '# url = "http://localhost:9000"',
        '# environment = { PAYMENTS_URL = "{url}" }',
        "",
        "# Variables for the launch command, beside those above.",
        "# [environment]",
        '# FEATURE_X = "on"',
    ]
    return "\n".join(lines) + "\n"


def _capabilities(typed: Mapping[str, Any], shown: Mapping[str, bool | None] | None) -> list[str]:
    """Say what the target shows by itself, and what can only be declared."""
    lines = ["# What it has that cannot be seen from outside; a declaration is held against it."]
    if shown is not None:
        words = ", ".join(sorted(name for name, word in shown.items() if word)) or "nothing"
        lines.append(f"# It shows by itself: {words}.")
    known = {name for name, word in (shown or {}).items() if word}
    lines.append(f"# Words: {', '.join(sorted(DECLARABLE - known))}.")
    has = [word for text in typed.get("has") or () for word in text.split(",")]
    lines = [each for line in lines for each in textwrap.wrap(line, 98, subsequent_indent="# ")]
    return [*lines, _setting("has", has or ["peers"], sure=bool(has))]


def _setting(name: str, value: Any, *, sure: bool) -> str:
    return f"{'' if sure else '# '}{name} = {json.dumps(value)}"
