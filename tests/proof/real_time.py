"""`make real-time`: each fault of behaviour once on a real process, in real time, side by side.

On each commit they are played on a clock that is moved by hand; here a process is launched, the
machine's own clock passes, and the verdict must be the same.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from acting import judged, plays
from acting.play import TRIGGERS
from faults.behaving import Misbehaviour, misbehaviours

from proof.evidence import circumstances
from proof.real_time_page import BothClocks, page
from udckit.conformance import Options, certify

_DOCS: Final = Path(__file__).parents[2] / "docs"
_DROPLET: Final = f"{Path(sys.executable).parent / 'udckit'} fakes droplet --port {{port}}"
_LONGEST: Final = 1_200.0
_OURS_ALONE: Final = "<peer>"
"""What stands for an address that a process cannot know before it is started."""


def main() -> int:
    """Play them all, and write the page; 1 where one was not seen, or not alike."""
    given = _arguments()
    kept = given.out / "real-time.json"
    if given.page:
        facts = json.loads(kept.read_text(encoding="utf-8"))
        seen = [BothClocks.from_json(each) for each in facts["faults"]]
        (given.out / "real-time.md").write_text(page(facts["about"], seen), encoding="utf-8")
        return 0
    began = time.time()
    seen = _side_by_side(_wanted(given.faults), given.jobs)
    about = circumstances(began=began, minutes=0, seed=0) | {"jobs": given.jobs}
    if given.again:
        about, seen = _put_in(json.loads(kept.read_text(encoding="utf-8")), about["date"], seen)
    lines = ",\n".join(json.dumps(each.as_json(), sort_keys=True) for each in seen)
    head = json.dumps(about, sort_keys=True)
    kept.write_text(f'{{"about": {head},\n"faults": [\n{lines}\n]}}\n', encoding="utf-8")
    (given.out / "real-time.md").write_text(page(about, seen), encoding="utf-8")
    return 0 if seen and all(each.is_kill and each.is_alike for each in seen) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof.real_time", description=__doc__)
    parser.add_argument("--jobs", type=int, default=12, help="runs side by side (%(default)s)")
    parser.add_argument("--out", type=Path, default=_DOCS, help="folder of page and JSON")
    parser.add_argument("--faults", nargs="*", default=[], help="only these, by id")
    parser.add_argument("--again", action="store_true", help="keep the others of the JSON")
    parser.add_argument("--page", action="store_true", help="write the page from the JSON again")
    return parser.parse_args()


def _wanted(ids: Sequence[str]) -> list[Misbehaviour]:
    """Give the faults that a process can have."""
    able = [each for each in misbehaviours() if _OURS_ALONE not in json.dumps(each.behaviour)]
    return [each for each in able if not ids or each.id in ids]


def _put_in(
    kept: Mapping[str, Any], date: str, anew: Sequence[BothClocks]
) -> tuple[dict[str, Any], list[BothClocks]]:
    """Put what was played anew in the place of what was seen of it before, and say so."""
    played = {each.fault: each for each in anew}
    before = [BothClocks.from_json(each) for each in kept["faults"]]
    about = {**kept["about"], "again": {"date": date, "faults": sorted(played)}}
    return about, [played.get(each.fault, each) for each in before]


def _side_by_side(faults: Sequence[Misbehaviour], jobs: int) -> list[BothClocks]:
    """Play them, and give what was seen in the order of the faults."""
    began = time.monotonic()
    order = {each.id: number for number, each in enumerate(faults)}
    seen: list[BothClocks] = []
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        under_way: dict[Future[BothClocks], str] = {
            pool.submit(play_on_both, each): each.id for each in faults
        }
        for done in as_completed(under_way):
            one = done.result()
            seen.append(one)
            told = "seen" if one.is_kill and one.is_alike else f"NOT AS WANTED: {one}"
            print(  # noqa: T201 - progress, on standard error
                f"{time.monotonic() - began:6.0f} s  {len(seen)} of {len(faults)}  "
                f"{one.fault}: {told}",
                file=sys.stderr,
                flush=True,
            )
    return sorted(seen, key=lambda each: order[each.fault])


def play_on_both(fault: Misbehaviour) -> BothClocks:
    """Judge the rows of one fault by a clock moved by hand, then from a process in real time."""
    by_hand = judged(plays(fault.kills, fault.behaviour), fault.kills)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        record = certify(
            Options(
                launch=_DROPLET,
                only=fault.kills,
                speed=1.0,
                effort="none",
                max_time=_LONGEST,
                environment=(("UDCKIT_BEHAVIOUR", json.dumps(dict(fault.behaviour))),),
                trigger=TRIGGERS,
                report_dir=Path(folder),
            )
        )
    seconds = time.monotonic() - began
    verdicts: dict[str, Any] = dict(record.verdicts)
    return BothClocks(
        fault=fault.id,
        story=fault.story,
        kills=fault.kills,
        by_hand={row: each.verdict for row, each in by_hand.items()},
        real={row: verdicts[row].verdict for row in fault.kills},
        observed={row: str(verdicts[row].observed or "") for row in fault.kills},
        seconds=round(seconds, 1),
    )


if __name__ == "__main__":
    sys.exit(main())
