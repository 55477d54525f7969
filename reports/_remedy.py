"""What an author of a FastAPI droplet writes instead, as text below a failure."""

from __future__ import annotations

from udckit.conformance.forge import remedy
from udckit.reports._page import Page

__all__ = ["code_for", "write_code"]


def code_for(requirement: str) -> str | None:
    """Give lines of code that keep a requirement, for each library; None where words say it."""
    known = remedy(requirement)
    if known is None:
        return None
    if known.pyjwt == known.jose:
        return f"# FastAPI, with PyJWT or python-jose\n{known.pyjwt.rstrip()}"
    return (
        f"# FastAPI with PyJWT\n{known.pyjwt.rstrip()}\n\n"
        f"# FastAPI with python-jose\n{known.jose.rstrip()}"
    )


def write_code(page: Page, requirement: str, *, indent: int, width: int) -> None:
    """Write it onto a page, line by line and never wrapped, so that it can be copied."""
    code = code_for(requirement)
    for number, line in enumerate(code.split("\n") if code is not None else ()):
        label = "code" if number == 0 else ""
        page.unbroken((label, "dim"), line, indent=indent, width=width)
