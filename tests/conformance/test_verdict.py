"""A verdict and its line in the record are one another's inverse."""

import pytest

from udckit.conformance import VERDICTS, Verdict


@pytest.mark.parametrize("recipe", [None, "expired"])
@pytest.mark.parametrize("word", VERDICTS)
def test_verdict_is_read_as_it_was_written(word: str, recipe: str | None) -> None:
    verdict = Verdict(
        "UDC-HEALTH-002",
        "MUST",
        "shape",
        word,  # type: ignore[arg-type]  # a parameter is any string to mypy
        subjects=3,
        exchanges=(1, 2),
        culprit=2,
        recipe=recipe,
    )
    line = verdict.as_json()

    assert Verdict.from_json(line) == verdict
    assert ("recipe" in line) is (recipe is not None)
