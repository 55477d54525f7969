"""Writes the report: a template, its style and its script in one file that asks nothing of a net.

A policy in the page itself allows this one style and this one script by their digests, and nothing
else: what came from the target is escaped, and could not run if it were not.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from udckit.reports._format import Format, Run, of_one
from udckit.reports.html._view import view

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

__all__ = ["FORMAT", "html", "template_named"]

_TICKED: Final = re.compile(r"`([^`]+)`")
_STARRED: Final = re.compile(r"\*\*([^*]+)\*\*")
_FILES: Final = ("report.html", "parts.html", "board.html")


def html(run: Run) -> str:
    """Write a run as one HTML file."""
    return template_named("report.html").render(view(run)).rstrip() + "\n"


@cache
def template_named(name: str) -> Template:
    """Give a page's template with its style and script in place."""
    from jinja2 import (  # noqa: PLC0415 - who wants JUnit does not pay for it
        DictLoader,
        Environment,
        StrictUndefined,
    )

    texts = {each: _text(each) for each in _FILES}
    environment = Environment(
        loader=DictLoader(texts),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["ticks"] = _ticks
    style, script = _text("report.css"), _text("report.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return environment.get_template(
        name, globals={"style": style, "script": script, "policy": policy}
    )


def _ticks(text: str) -> Markup:
    """Set what stands between back-ticks as code, between stars strong; all is escaped first."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - as above

    coded = _TICKED.sub(r"<code>\1</code>", str(escape(text)))
    return Markup(_STARRED.sub(r"<strong>\1</strong>", coded))  # noqa: S704 - escaped above


def _text(name: str) -> str:
    return files("udckit.reports.html").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


FORMAT: Final = Format(
    "html", "one HTML file for people, no network", "udckit.html", of_one("udckit.html", html)
)
