"""Settings by environment: those of the contract are honoured, an unknown word is no crash."""

from collections.abc import Mapping
from typing import Final

from udckit.conformance import NotObserved, quote, verifies
from udckit.conformance.scenario import (
    Recording,
    attempts,
    hold,
    launched,
    played,
    registered,
)

_OK: Final = 200
_GOOD: Final = ("development", "staging", "production")
_BAD: Final = (("bad environment", "ENVIRONMENT"), ("bad level", "LOG_LEVEL"))


@verifies("OPS-ENV-001")
def both_urls_are_read(recording: Recording) -> None:
    """REGISTRY_URL and ORCHESTRATOR_URL are where its requests go."""
    start = launched(played(recording)).note("answers")
    for fake in ("registry", "orchestrator"):
        calls = [call for call in recording.calls if call.fake == fake]
        if fake == "orchestrator":
            registered(recording)
        hold(
            recording,
            calls[0] if calls else start,
            bool(calls),
            expected=f"requests at the address in {fake.upper()}_URL",
            observed="none came",
        )


@verifies("OPS-ENV-002")
def name_port_and_number_are_read(recording: Recording) -> None:
    """It registers with SERVICE_NAME and DROPLET_ID, and listens on SERVICE_PORT."""
    note = launched(played(recording)).note("launch")
    settings = note.detail if note else {}
    if recording.at("enrolled") is not None:
        _says_so(recording, settings)
        return
    call = registered(recording).call

    for member, variable in (
        ("name", "SERVICE_NAME"),
        ("droplet_id", "DROPLET_ID"),
        ("port", "SERVICE_PORT"),
    ):
        wanted = settings.get(variable)
        if wanted is None:
            continue
        hold(
            recording,
            call,
            str(call.member(member)) == wanted,
            expected=f"{member} {wanted}, as {variable} says",
            observed=f"{member} is {quote(call.member(member))}",
        )


def _says_so(recording: Recording, settings: Mapping[str, str]) -> None:
    """A Registry registers with nobody: it answers at its port, and /capabilities names it."""
    for look in recording.named("capabilities"):
        if look.status != _OK:
            continue
        for member, variable in (("service_name", "SERVICE_NAME"), ("droplet_id", "DROPLET_ID")):
            hold(
                recording,
                look,
                str(look.member(member)) == settings.get(variable),
                expected=f"{member} {settings.get(variable)}, as {variable} says",
                observed=f"{member} is {quote(look.member(member))}",
            )


@verifies("OPS-ENV-003")
def every_word_of_the_contract_starts(recording: Recording) -> None:
    """Each ENVIRONMENT and LOG_LEVEL starts it; an unknown one starts it or is told of."""
    played(recording)
    for label in _GOOD:
        note, part = recording.note(label), _start(recording, label)
        hold(
            recording,
            note,
            part.at("answers") is not None,
            expected=f"a start with {dict(note.detail) if note else label}",
            observed=_ended(part),
        )
    for label, variable in _BAD:
        note, part = recording.note(label), _start(recording, label)
        word = str(note.detail.get(variable)) if note else variable
        told = any(
            variable.lower() in line.text.lower() or word.lower() in line.text.lower()
            for line in part.logged
        )
        clear = any(not end.asked and end.status != 0 for end in part.exits) and told
        hold(
            recording,
            note,
            part.at("answers") is not None or clear,
            expected=f"the default, or an exit with a line that names {variable}",
            observed=_ended(part),
        )


def _start(recording: Recording, label: str) -> Recording:
    """Give one start, until it was stopped."""
    return recording.part(label, "stopped")


def _ended(part: Recording) -> str:
    exits = [f"it exited with status {each.status}" for each in part.exits if not each.asked]
    last = f", and its last line is {part.logged[-1].text[:120]!r}" if part.logged else ""
    return (exits[0] if exits else "it did not answer /health") + last


@verifies("OPS-ENV-006")
def a_trailing_slash_is_not_doubled(recording: Recording) -> None:
    """A slash at the end of REGISTRY_URL or ORCHESTRATOR_URL gives no `//`."""
    part = played(recording).part("development", "staging")
    odd = next((call for call in part.calls if "//" in call.path), None)
    tried = attempts(part) or part.calls

    for call in tried:
        hold(
            recording,
            call,
            odd is None,
            expected="paths with one slash",
            observed=f"{odd}",
        )


@verifies("UDC-STATE-008")
def the_mode_follows_the_environment(recording: Recording) -> None:
    """`mode` is production or development where ENVIRONMENT says so, or maintenance."""
    played(recording)
    for label, end in (("development", "staging"), ("production", "bad environment")):
        for look in recording.part(label, end).named("state"):
            if look.status == _OK:
                hold(
                    recording,
                    look,
                    look.member("mode") in {label, "maintenance"},
                    expected=f"mode {label}",
                    observed=f"mode {quote(look.member('mode'))} with ENVIRONMENT={label}",
                )


@verifies("OPS-LOG-002")
def the_level_changes_how_much_is_logged(recording: Recording) -> None:
    """A start with LOG_LEVEL=ERROR writes fewer lines than one with DEBUG."""
    much = played(recording).part("development", "staging").logged
    little = recording.part("production", "bad environment").logged
    if not much:
        raise NotObserved("it wrote nothing with LOG_LEVEL=DEBUG")

    hold(
        recording,
        much[0],
        len(little) < len(much),
        expected="fewer lines with LOG_LEVEL=ERROR than with DEBUG",
        observed=f"{len(little)} with ERROR, {len(much)} with DEBUG",
    )
