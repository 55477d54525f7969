"""What the help claims of numbers is what the data say."""

from __future__ import annotations

import re
from typing import Any

from udckit.cli import _certify
from udckit.conformance.generated.effort import EFFORTS


def test_help_states_what_each_effort_may_cost() -> None:
    told: dict[str, Any] = {
        word: (int(requests), float(seconds))
        for word, requests, seconds in re.findall(
            r"^  (\w+) +at most (\d+) requests and (\d+) s", _certify._EPILOG, re.MULTILINE
        )
    }

    assert told == {
        word: (budget.requests, budget.seconds)
        for word, budget in EFFORTS.items()
        if word != "none"
    }
