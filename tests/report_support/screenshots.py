"""Takes the pictures of the report that stand in docs/screenshots: `make screenshots`.

A right droplet, one that speaks another dialect, one that attacks its reader, beats that drift,
and a board of all.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from acting import play

from report_support.chromium import WHY_NONE, browser, found
from report_support.droplets import MESH
from report_support.hostile import HOSTILE
from report_support.runs import run_of, run_of_a_right_droplet
from udckit.conformance import RunRecord
from udckit.reports._format import Run
from udckit.reports.formats import write

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_ROOT: Final = Path(__file__).parents[2]
_DESKTOP: Final = (1000, 1150)
_PHONE: Final = (390, 1150)


def take(folder: Path) -> None:
    """Write the pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        at = Path(made)
        runs = {
            "good": run_of_a_right_droplet(at / "good"),
            "bad": run_of(MESH, at / "bad"),
            "hostile": run_of(HOSTILE, at / "hostile"),
        }
        drifting = _with_beats(runs["good"])
        for name, run in (runs | {"beats": drifting}).items():
            write("html", [run], at / f"{name}.html")
        write("board", list(runs.values()), at / "board.html")
        with browser() as chromium:
            for name in (*runs, "board"):
                _picture(chromium, at / f"{name}.html", folder / f"{name}.png")
            _picture(
                chromium, at / "bad.html", folder / "bad-finding.png", part=".finding >> nth=1"
            )
            _picture(chromium, at / "beats.html", folder / "beats.png", part="#time")
            _picture(chromium, at / "good.html", folder / "good-dark.png", dark=True)
            _picture(chromium, at / "bad.html", folder / "bad-phone.png", size=_PHONE)


def _with_beats(run: Run) -> Run:
    """Add what a droplet of drifting beats sent in the scenario calm, on a clock moved by hand."""
    recording = play("calm", {"beat_drift": 4.0})
    lines: list[dict[str, Any]] = list(recording.as_lines())
    record = run.record
    return Run(
        RunRecord(
            record.header,
            record.footer,
            record.exchanges,
            record.verdicts,
            record.tokens,
            (*record.others, *lines),
        ),
        run.path,
    )


def _picture(
    chromium: Browser,
    shown: Path,
    picture: Path,
    *,
    dark: bool = False,
    size: tuple[int, int] = _DESKTOP,
    part: str | None = None,
) -> None:
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    page.goto(shown.as_uri())
    if part is None:
        page.screenshot(path=picture)
    else:
        page.locator(part).screenshot(path=picture)
    context.close()


if __name__ == "__main__":
    if found() is None:
        sys.exit(WHY_NONE)
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else _ROOT / "docs" / "screenshots")
