"""The Markdown summary: what a reviewer must see, and no sign of the target's."""

from __future__ import annotations

import re

from report_support import CANARY

from udckit.conformance import RunRecord
from udckit.reports._format import Run
from udckit.reports._markdown import inert
from udckit.reports.step_summary import step_summary


def test_the_first_lines_say_what_to_mend(bad: RunRecord) -> None:
    lines = step_summary(Run(bad)).splitlines()

    assert lines[0].startswith("## UDC conformance: http&#58;//127.0.0.1:8010")
    assert lines[2].startswith("**mend first: UDC-HEALTH-002")
    assert "| shape | ❌ failed |" in "\n".join(lines)


def test_a_failure_says_what_it_blocks(bad: RunRecord) -> None:
    assert "- **blocks** UDC-ALL-006, UDC-HEALTH-012" in step_summary(Run(bad))


def test_what_is_not_observed_is_told_by_its_cause(bad: RunRecord) -> None:
    told = step_summary(Run(bad))

    assert "- no token: start it against &#96;udckit fakes up&#96;: " in told


def test_nothing_of_a_hostile_target_is_markdown_or_html(hostile: Run) -> None:
    told = step_summary(hostile)

    assert CANARY in told
    assert set(re.findall(r"</?(\w+)", told)) == {"details", "summary", "b", "code", "sub"}
    assert "](" not in told
    assert "://" not in told.replace("&#58;//", "")
    assert "@everyone" not in told
    assert not re.search(r"<\w+\s+(?!open>)", told)


def test_inert_text_starts_no_list_and_no_heading() -> None:
    assert inert("1. one") == "1&#46; one"
    assert inert("- one") == "&#45; one"
    assert inert("# one *two* `three` www.x.y") == (
        "&#35; one &#42;two&#42; &#96;three&#96; www&#46;x.y"
    )
    assert inert("1.0.0, and so on (as ever)") == "1.0.0, and so on (as ever)"
