"""The guide is kept as it was read, and whoever quotes it is told when it changes."""

import hashlib

import yaml

from udckit.specs import catalogue, digests, guide, guide_words, requirement
from udckit.specs._compile import requirements
from udckit.specs._compiled import ROOM
from udckit.specs._frozen import changed_sections, quoted_by, unfound_quotes

GUIDE = (ROOM / "guide" / "guide.md").read_text("utf-8")
FROZEN = yaml.safe_load((ROOM / "guide" / "digest.yaml").read_text("utf-8"))
QUOTES = yaml.safe_load((ROOM / "guide" / "quotes.yaml").read_text("utf-8"))


def test_guide_is_as_it_was_read() -> None:
    assert changed_sections(GUIDE, FROZEN) == []
    assert hashlib.sha256(GUIDE.encode()).hexdigest() == digests()["guide/guide.md"]


def test_guide_that_changes_names_who_quotes_the_section() -> None:
    changed = GUIDE.replace("failure_threshold=5", "failure_threshold=6")

    assert changed_sections(changed, FROZEN) == [
        "section 9.2 of the guide changed; read again what quotes it: ERR-011, ERR-012, ERR-013"
    ]


def test_guide_that_changes_names_who_quotes_the_chapter() -> None:
    (said,) = changed_sections(
        GUIDE.replace("db_healthy:  # Critical", "redis_healthy:  #"), FROZEN
    )

    assert "UDC-HEALTH-007" in said, "it quotes chapter 11"
    assert "UDC-HEALTH-011" in said, "it quotes section 11.1"


def test_guide_that_loses_or_gains_a_section_is_noticed() -> None:
    lost = changed_sections(GUIDE.replace("### 9.2 Circuit", "### Circuit"), FROZEN)
    gained = changed_sections(GUIDE.replace("### 9.2", "### 9.3 More\n\nMore.\n\n### 9.2"), FROZEN)

    assert any(said.startswith("section 9.2") for said in lost)
    assert [said.split(" of ")[0] for said in gained] == ["section 9.3"]


def test_guide_that_changes_outside_its_sections_is_noticed() -> None:
    assert changed_sections(GUIDE.replace("2025-11-15", "2026-11-15"), FROZEN) == [
        "the guide changed outside its numbered sections; nothing quotes that"
    ]


def test_digest_maps_every_section_to_the_rows_that_quote_it() -> None:
    quoting = {
        number: section["quoted_by"]
        for number, section in FROZEN["sections"].items()
        if "quoted_by" in section
    }

    assert quoting == quoted_by(requirements())


def test_quotes_are_the_guides_own_words() -> None:
    assert unfound_quotes(GUIDE, QUOTES) == []


def test_quote_that_the_guide_does_not_say_names_its_rows() -> None:
    invented = {"section": "9.2", "ids": ["ERR-011"], "words": "failure_threshold=7\n"}

    assert unfound_quotes(GUIDE, [invented]) == [
        "section 9.2 does not say what ERR-011 quote: 'failure_threshold=7'"
    ]


def test_quotes_speak_of_rows_that_rest_on_the_section() -> None:
    for quote in QUOTES:
        chapter = quote["section"].partition(".")[0]
        for id_ in quote["ids"]:
            chapters = {
                source.removeprefix("IG §").partition(".")[0]
                for source in requirement(id_).source
                if source.startswith("IG §")
            }
            assert chapter in chapters, f"{id_} does not name chapter {chapter} in its source"


def test_guide_words_quote_the_box_and_the_sample() -> None:
    assert guide_words(requirement("REG-CLIENT-004")) == (
        '- [ ] Store JWT token\n…\ndata = response.json()\nreturn data["token"], data["service_id"]'
    )


def test_guide_words_are_none_where_the_guide_is_silent() -> None:
    assert guide_words(requirement("SEC-005")) is None


def test_guide_words_are_short() -> None:
    for row in catalogue().values():
        assert len((guide_words(row) or "").splitlines()) <= 32, row.id


def test_guide_gives_its_sections_by_number() -> None:
    assert guide()["9.2"].startswith("### 9.2 Circuit Breaker")
    assert set(guide()) == set(FROZEN["sections"])
