"""Writes docs/detection.md from what was measured: every figure of the page is counted here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from fleet_support import REFERENCE, fleet

from proof.alarms import Alarm, Judged, alarms_of, flakes_of
from proof.evidence import Evidence
from proof.lanes import LANES, legal_faults
from proof.reckoning import FaultResult, RowResult, fault_results, row_results
from udckit.conformance import all_checks
from udckit.specs import Requirement, catalogue

__all__ = ["page", "summary"]

_KINDS = {
    "quick": "quick runs (stage 1, of a droplet that is kept up)",
    "whole": "fresh runs (stages 1 and 2, of a droplet that is launched for it)",
    "all": "runs of all four stages",
}
"""The kinds of runs over right droplets, as a reader is told of them."""
_EQUIVALENT = "legal"
_TARGETS_WANTED = 3


def page(evidence: Evidence) -> str:
    """Render the page."""
    results = fault_results(each for each in evidence.sightings if each.lane != _EQUIVALENT)
    lines = [
        *_head(evidence),
        *summary(evidence),
        *_lanes(results),
        *_survivors(results),
        *_strangers(results),
        *_rows(evidence),
        *_equivalents(evidence),
        *_fleet(evidence),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _head(evidence: Evidence) -> Iterator[str]:
    about = evidence.about
    yield from (
        "# What udckit catches, and whom it blames wrongly",
        "",
        "A pass is worth what the check behind it would have said of a broken service. So the kit",
        "is pointed at services that are broken on purpose, each in one way, and at services that",
        "are right in unusual ways; what it says of them is counted here. `make proof` measures it",
        "anew and writes this page; [detection.json](detection.json) holds every single run.",
        "",
        f"Measured {about['date']} in {_minutes(about['seconds'])} (budget "
        f"{about['minutes_given']:g} min): udckit {about['kit']} at {about['commit']}, edition "
        f"{about['edition']}, Python {about['python']}, {about['system']}, {about['cores']} cores, "
        f"load {about['load_at_the_end']} at its end, seed {about['seed']}.",
        "",
    )
    if about.get("note"):
        yield from (str(about["note"]), "")


def summary(evidence: Evidence) -> Iterator[str]:
    """Give the lines of the page that are counted from the evidence alone."""
    results = fault_results(each for each in evidence.sightings if each.lane != _EQUIVALENT)
    killed = [each for each in results if each.is_killed]
    judged = [each for each in killed if _judged_whole(evidence, each)]
    exact = [each for each in judged if each.is_attributed]
    legal = [each for each in evidence.sightings if each.lane == _EQUIVALENT]
    let_be = [each for each in legal if not each.strange and not each.errors and each.struck]
    yield from ("| | |", "|---|---|")
    yield f"| faults killed | **{_share(len(killed), len(results))}** |"
    yield f"| of those, exactly the expected rows blamed | **{_share(len(exact), len(judged))}** |"
    yield f"| legal changes blamed for nothing | **{_share(len(let_be), len(legal))}** |"
    for kind, what in _KINDS.items():
        runs = [each for each in evidence.runs if each.kind == kind]
        if runs:
            yield f"| false alarms in {what} | **{_blamed(runs)}** |"
            flaky = {(each.member, each.row) for each in flakes_of(runs)}
            yield f"| verdicts that differed between {what} | **{_flakes(runs, flaky)}** |"
    yield ""
    yield from (
        "**Killed** means: the fault struck, the rows that must see it said `fail` under their own",
        "ids, and so in front of *every* right target that can show it. `error` and `not_observed`",
        "kill nothing. **Exactly** means: no row of the stage said `fail` that the fault does not",
        "name.",
        "A **false alarm** is a MUST that fails, or an error of the kit's own, on a right droplet.",
        "",
    )


def _judged_whole(evidence: Evidence, result: FaultResult) -> bool:
    return any(
        each.strange is not None
        for each in evidence.sightings
        if (each.lane, each.fault) == (result.lane, result.fault)
    )


def _blamed(runs: Sequence[Judged]) -> str:
    blamed = sum(bool(each.blamed or each.errors) for each in runs)
    return f"{blamed} of {len(runs)} runs"


def _flakes(runs: Sequence[Judged], flaky: set[tuple[str, str]]) -> str:
    words = sum(len(each.words) for each in runs)
    loaded = sum(each.loaded for each in runs)
    return f"{len(flaky)} rows, of {words:,} verdicts in {len(runs)} runs ({loaded} of them loaded)"


def _lanes(results: Sequence[FaultResult]) -> Iterator[str]:
    yield from ("## By lane", "", "| lane | faults | killed | in front of |", "|---|---|---|---|")
    for lane in LANES:
        own = [each for each in results if each.lane == lane.name]
        if not own:
            continue
        killed = sum(each.is_killed for each in own)
        targets = sorted({target for each in own for target in each.targets})
        yield f"| {lane.about} | {len(own)} | {killed} | {', '.join(targets)} |"
    wire = [each for each in results if each.lane in {"shape", "security"}]
    if wire:
        wide = sum(len(each.targets) >= _TARGETS_WANTED for each in wire)
        yield ""
        yield (
            f"Of the {len(wire)} faults of a droplet's wire, {wide} were put in front of three "
            "droplets or more."
        )
    yield ""


def _survivors(results: Sequence[FaultResult]) -> Iterator[str]:
    alive = [each for each in results if not each.is_killed]
    yield from ("## Survivors", "")
    if not alive:
        yield from ("None.", "")
        return
    stories = {fault.id: fault.story for lane in LANES for fault in lane.faults()}
    for each in alive:
        story, why = stories.get(each.fault, ""), "; ".join(each.survived)
        yield f"- `{each.fault}` ({each.lane}): {story} {why}."
    yield ""


def _strangers(results: Sequence[FaultResult]) -> Iterator[str]:
    strange = [each for each in results if each.strange]
    if strange:
        yield from ("## Blamed beside the expected rows", "")
        for each in strange:
            yield f"- `{each.fault}` ({each.lane}): {', '.join(each.strange)}"
        yield ""


def _rows(evidence: Evidence) -> Iterator[str]:
    results = row_results(each for each in evidence.sightings if each.lane != _EQUIVALENT)
    rows = [row for row in catalogue().values() if row.excluded is None]
    musts = [row for row in rows if row.level == "MUST"]
    shown = [row for row in musts if row.id in results and results[row.id].killed]
    yield from ("## By requirement", "")
    yield (
        f"{len(shown)} of {len(musts)} MUSTs that can be judged are shown to fail by at least one "
        "killed fault."
    )
    open_rows = [row for row in musts if row not in shown]
    if open_rows:
        yield ""
        yield "Not shown by this run, with the reason:"
        yield ""
        for reason, group in _reasons(open_rows).items():
            yield f"- {reason}: {', '.join(group)}"
    yield from (
        "",
        "| requirement | level | stage | killed by | survived |",
        "|---|---|---|---|---|",
    )
    for row in rows:
        if row.id in results:
            yield _row(row, results[row.id])
    yield ""


def _row(row: Requirement, result: RowResult) -> str:
    survived = ", ".join(f"`{each}`" for each in result.survived) or "none"
    return f"| {row.id} | {row.level} | {row.stage} | {len(result.killed)} | {survived} |"


def _reasons(rows: Iterable[Requirement]) -> dict[str, list[str]]:
    checks = all_checks()
    reasons: dict[str, list[str]] = {}
    for row in rows:
        why = (
            "has a check, and no fault of the catalogue" if row.id in checks else "has no check yet"
        )
        reasons.setdefault(why, []).append(row.id)
    return reasons


def _equivalents(evidence: Evidence) -> Iterator[str]:
    blamed = {
        each.fault: each.strange
        for each in evidence.sightings
        if each.lane == _EQUIVALENT and each.strange
    }
    ran = {each.fault for each in evidence.sightings if each.lane == _EQUIVALENT}
    yield from (
        "## Equivalent: changes that the contract allows",
        "",
        "A mutant that breaks no promise must not be killed. Each is argued here, put in front of",
        "right droplets, and blamed for nothing.",
        "",
    )
    for change in legal_faults("droplet"):
        if change.id in ran:
            told = (
                f" **Blamed: {', '.join(blamed[change.id] or ())}.**" if change.id in blamed else ""
            )
            yield f"- `{change.id}`: {change.story}{told}"
    yield ""


def _fleet(evidence: Evidence) -> Iterator[str]:
    runs, wanted = evidence.runs, evidence.about.get("wanted")
    yield from ("## The known-good fleet", "")
    yield "Right droplets, written from the contract alone, each for its one legal difference."
    if wanted:
        yield (
            f"Asked for were {wanted['quick']} quick and {wanted['whole']} fresh runs over each; "
            "the table counts those that the time allowed."
        )
    yield from ("", "| droplet | stack | its difference | quick | fresh | all four | blamed |")
    yield "|---|---|---|---|---|---|---|"
    for one in (*fleet(), REFERENCE):
        own = [each for each in runs if each.member == one.name]
        kinds = Counter(each.kind for each in own)
        blamed = sum(bool(each.blamed or each.errors) for each in own)
        yield (
            f"| {one.name} | {one.stack} | {one.difference} | {kinds['quick']} "
            f"| {kinds['whole']} | {kinds['all']} | {blamed if own else 'not run'} |"
        )
    yield ""
    yield from _listed("### False alarms", alarms_of(runs))
    yield from _listed("### Flakes", flakes_of(runs))


def _listed(title: str, alarms: Sequence[Alarm]) -> Iterator[str]:
    yield from (title, "")
    for each in alarms:
        yield f"- {each.member}, {each.row}, {each.times} times: {each.said}"
    if not alarms:
        yield "None."
    yield ""


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({100 * part / whole:.1f} %)" if whole else "")


def _minutes(seconds: int) -> str:
    return f"{seconds / 60:.1f} min"
