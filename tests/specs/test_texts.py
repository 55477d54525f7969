"""Readings, boxes and dialects are all there."""

import re

from udckit.specs import catalogue, checklist, dialects, readings


def test_readings_are_all_fifty_five_in_order() -> None:
    assert list(readings()) == [f"CONF-{number:02d}" for number in range(1, 56)]
    assert all(row.matter and row.sources and row.reading for row in readings().values())


def test_readings_name_rows_that_there_are() -> None:
    named = re.compile(r"\b[A-Z]{2,4}(?:-[A-Z]+)*-\d{3}\b")
    for row in readings().values():
        assert set(named.findall(row.reading)) <= set(catalogue()), row.id


def test_checklist_has_the_guides_twenty_one_boxes() -> None:
    boxes = checklist()

    assert len(boxes) == len({box.slug for box in boxes}) == 21
    assert list(dict.fromkeys(box.block for box in boxes)) == [
        "Registry",
        "Orchestrator",
        "UDC",
        "Authentication",
        "Discovery",
        "Errors",
    ]
    assert boxes[0].text == "Register on startup"
    assert boxes[-1].text == "Fail gracefully when dependencies down"


def test_every_box_has_rows_and_sees_rows_of_other_boxes_only() -> None:
    for box in checklist():
        assert any(row.checklist == box.slug for row in catalogue().values()), box.slug
        for id_ in box.see_also:
            assert catalogue()[id_].checklist != box.slug, box.slug


def test_dialects_speak_on_the_same_aspects_and_one_is_the_contract() -> None:
    assert list(dialects()) == ["F", "M", "H", "D1", "K"]
    assert [row.key for row in dialects().values() if row.normative] == ["F"]
    assert len({tuple(row.says) for row in dialects().values()}) == 1


def test_dialects_can_be_told_apart() -> None:
    for one in dialects().values():
        for other in dialects().values():
            if one is not other:
                assert any(
                    set(words) - set(other.tells.get(at, ())) for at, words in one.tells.items()
                ), f"{one.key} shows nothing that {other.key} does not"
