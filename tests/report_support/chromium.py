"""A headless Chromium of the machine's own, driven without a download of another."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["WHY_NONE", "browser", "found"]

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WHY_NONE: Final = "no Chromium on this machine: apt-get install chromium"


def found() -> str | None:
    """Give the path of the machine's Chromium; None where it has none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Start the browser with a profile of its own that is thrown away."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=found(), args=list(_FLAGS))
        try:
            yield chromium
        finally:
            chromium.close()
