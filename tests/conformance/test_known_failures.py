"""The list of known failures as it is written, and what is no honest entry of it."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from udckit.conformance import InvocationError, KnownFailure, Options, Settings, read_configuration
from udckit.conformance.known_failures import read_known_failures
from udckit.specs import catalogue


def read(text: str) -> tuple[KnownFailure, ...]:
    return read_known_failures(tomllib.loads(text)["known-failures"], "udckit.toml")


def test_entries_are_read_from_toml() -> None:
    listed = read(
        """
        [[known-failures]]
        id = "udc-health-006"
        reason = "The health check still asks the billing API itself."
        expires = 2027-03-31
        """
    )

    assert listed == (
        KnownFailure(
            "UDC-HEALTH-006",
            "The health check still asks the billing API itself.",
            date(2027, 3, 31),
        ),
    )
    assert listed[0].as_json()["expires"] == "2027-03-31"


ENTRY = '[[known-failures]]\nid = "UDC-HEALTH-006"\nreason = "r"\nexpires = 2027-03-31\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ENTRY + ENTRY, "UDC-HEALTH-006 is listed twice"),
        ('[[known-failures]]\nid = "UDC-HEALTH-006"\nreason = "r"\n', "expires missing"),
        (ENTRY.replace('"r"', '" "'), "say the reason in words"),
        (ENTRY.replace("2027-03-31", '"soon"'), "expires is a day without quotes"),
        (ENTRY.replace("2027-03-31", "2027-03-31T10:00:00"), "expires is a day without quotes"),
        (ENTRY.replace("HEALTH-006", "HEALHT-006"), "UDC-HEALTH-006"),
        (ENTRY + 'owner = "me"\n', "'owner', unknown here"),
        (ENTRY.replace('"UDC-HEALTH-006"', "6"), "the id of a known failure is a text"),
        ("known-failures = 3\n", "is a list of tables"),
        ("known-failures = [3]\n", "is a list of tables"),
    ],
)
def test_what_is_no_honest_entry_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvocationError, match=says):
        read(text)


def test_an_excluded_row_cannot_be_listed() -> None:
    row = next(row for row in catalogue().values() if row.excluded is not None)

    with pytest.raises(InvocationError, match="is excluded and cannot fail"):
        read(ENTRY.replace("UDC-HEALTH-006", row.id))


def test_the_list_goes_from_the_file_into_the_record_and_back(tmp_path: Path) -> None:
    path = tmp_path / "udckit.toml"
    path.write_text(ENTRY)

    options = Options(url="http://127.0.0.1:8010", **read_configuration(path))

    settings = Settings("http://127.0.0.1:8010", known_failures=options.known_failures)
    assert [each.id for each in settings.known_failures] == ["UDC-HEALTH-006"]
    assert Settings.from_json(settings.as_json()) == settings


def test_a_record_from_before_there_was_a_list_is_read() -> None:
    facts = Settings("http://127.0.0.1:8010").as_json()
    del facts["known_failures"]

    assert Settings.from_json(facts).known_failures == ()
