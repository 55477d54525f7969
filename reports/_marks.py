"""The marks of the screen: one sign and one style for each word."""

from __future__ import annotations

from typing import Final

__all__ = ["BOX_MARKS", "DASH", "STAGE_MARKS", "VERDICT_MARKS"]

DASH: Final = "\N{EN DASH}"

STAGE_MARKS: Final = {
    "certified": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "incomplete": ("?", "yellow"),
    "not_asked": (DASH, "dim"),
}

VERDICT_MARKS: Final = {
    "pass": ("✓", "green"),
    "fail": ("✗", "bold red"),
    "not_observed": ("?", "yellow"),
    "not_applicable": (DASH, "dim"),
    "error": ("!", "magenta"),
}

BOX_MARKS: Final = {
    "ticked": ("✓", "green"),
    "crossed": ("✗", "bold red"),
    "open": ("?", "yellow"),
    "not_applicable": (DASH, "dim"),
}
