"""One browser for all of these tests; where a machine has none, they say so."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from report_support import HOSTILE, run_of, run_of_a_right_droplet
from report_support.chromium import WHY_NONE, browser, found

from udckit.reports._format import Run
from udckit.reports.formats import write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@dataclass
class Opened:
    """A page in the browser, with everything that it asked for or complained of."""

    page: Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def fresh(self, url: str) -> Opened:
        """Listen, then go there."""
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(url)
        return self


@pytest.fixture(scope="module")  # no longer: while it is driven, no other test can run a loop
def chromium() -> Iterator[Browser]:
    if found() is None:
        pytest.skip(WHY_NONE)
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("no playwright in this environment: install the dependency group test")
    with browser() as running:
        yield running


@pytest.fixture(scope="session")
def right(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of_a_right_droplet(tmp_path_factory.mktemp("right"))


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(HOSTILE, tmp_path_factory.mktemp("hostile"))


@pytest.fixture
def opened(chromium: Browser, tmp_path: Path) -> Iterator[Any]:
    """Give a function that writes a run as HTML and opens it, with the context's options."""
    contexts = []

    def open_(run: Run, name: str = "html", **options: Any) -> Opened:
        path = tmp_path / f"{name}.html"
        write(name, [run], path)
        contexts.append(chromium.new_context(**options))
        return Opened(contexts[-1].new_page()).fresh(path.as_uri())

    yield open_
    for context in contexts:
        context.close()
