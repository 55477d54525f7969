"""The HTML report as text: one file, nothing to fetch, nothing of the target's that is markup."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from report_support import CANARY, call, scene

from udckit.conformance import RunRecord
from udckit.conformance.scenario import Call
from udckit.reports import account_of
from udckit.reports._format import Run
from udckit.reports.html import html
from udckit.reports.html._beats import beats
from udckit.reports.html._marking import marked

MakeLines = Callable[..., list[dict[str, Any]]]


class Page(HTMLParser):
    """Collects the tags of a page with their attributes, and the text outside of script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def ids(self) -> list[str]:
        return [str(each["id"]) for _, each in self.tags if "id" in each]


@pytest.fixture(scope="module")
def pages(right: Run, hostile: Run) -> list[tuple[Run, str]]:
    return [(run, html(run)) for run in (right, hostile)]


def test_nothing_is_fetched(pages: list[tuple[Run, str]]) -> None:
    for _, text in pages:
        page = Page(text)
        links = [each.get("href") or "" for each in page.all("a") + page.all("link")]
        assert all(each.startswith(("#", "data:,")) for each in links)
        assert not [tag for tag, each in page.tags if "src" in each or "srcset" in each]
        assert "@import" not in text
        assert "url(" not in re.findall(r"<style>(.*?)</style>", text, re.DOTALL)[0]


def test_the_policy_allows_this_style_and_this_script_only(pages: list[tuple[Run, str]]) -> None:
    for _, text in pages:
        (policy,) = [each["content"] for each in Page(text).all("meta") if "http-equiv" in each]
        assert policy is not None
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        for tag in ("style", "script"):
            (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in policy


def test_a_hostile_targets_text_is_no_markup(hostile: Run) -> None:
    def kinds(run: Run) -> set[str]:
        return {tag for tag, _ in Page(html(run)).tags}

    told = html(hostile)

    assert CANARY in told
    assert not kinds(hostile) & {"img", "iframe", "object", "embed", "base", "textarea"}
    assert len(Page(told).all("script")) == 1
    assert not [each for _, each in Page(told).tags if any(name.startswith("on") for name in each)]


def test_every_link_of_the_page_leads_somewhere(pages: list[tuple[Run, str]]) -> None:
    for _, text in pages:
        page = Page(text)
        anchors = {str(each["href"])[1:] for each in page.all("a")}
        assert not anchors - set(page.ids)
        assert len(page.ids) == len(set(page.ids))


def test_every_failure_is_told_with_what_it_takes_to_mend_it(bad: RunRecord) -> None:
    text = html(Run(bad))

    (finding,) = re.findall(r'<article class="finding.*?</article>', text, re.DOTALL)
    for part in ("Expected", "Observed", "Fix", "Replay", "Why it is asked", "Blocks 2 rows"):
        assert part in finding
    assert "UDC §2.1 · IG §11.1" in finding
    assert "$UDCKIT_TOKEN" in finding


def test_every_row_that_binds_the_role_is_in_the_matrix(right: Run) -> None:
    text = html(right)

    rows = re.findall(r'<li class="row" id="([A-Z0-9-]+)"', text)
    bound = [each for each in right.record.verdicts.values() if "does not bind" not in each.message]
    assert sorted(rows) == sorted(each.id for each in bound)
    asked = re.findall(r'data-asked="yes"', text)
    assert len(asked) == len(account_of(right.record).asked)


def test_what_differs_is_marked_on_both_sides() -> None:
    expected, observed = marked("`status` one of healthy, degraded", '`status` "ok" [GET /health]')

    assert ("`status` ", False) in expected
    assert any(text.startswith('"') and differs for text, differs in observed)
    assert "".join(text for text, _ in expected) == "`status` one of healthy, degraded"
    assert "".join(text for text, _ in observed) == '`status` "ok" [GET /health]'


def test_texts_without_anything_in_common_are_not_marked() -> None:
    assert marked("status 200", "nothing") == ((("status 200", False),), (("nothing", False),))


def beat(at: float, answered: int = 200) -> Call:
    return call(at, "POST", "/heartbeat", operation="postHeartbeat", answered=answered)


def test_beats_are_plotted_with_their_band(make_lines: MakeLines) -> None:
    beaten = [*map(beat, (0, 60, 121)), beat(181, answered=503), beat(260)]
    lines = [*make_lines(), *scene(beaten)]

    plot = beats(RunRecord.of(lines))

    assert plot is not None
    assert [each.is_right for each in plot.dots] == [True, True, False]
    assert [each.says for each in plot.refused] == ["POST /heartbeat at +181.0 s: answered 503"]
    assert plot.told == (
        "4 beats; gaps from 60.0 s to 139.0 s, median 61.0 s; 2 of 3 between 55 s and 65 s"
    )
    band = (plot.band_top, plot.band_top + plot.band_height)
    assert all(band[0] <= dot.y <= band[1] for dot in plot.dots[:2])
    assert plot.dots[2].y < band[0]
    assert plot.told in html(Run(RunRecord.of(lines)))


def test_the_beats_of_two_workers_are_not_mixed(make_lines: MakeLines) -> None:
    workers = [
        call(at, "POST", "/heartbeat", operation="postHeartbeat", ref=ref)
        for at, ref in ((0, "t1"), (30, "t2"), (60, "t1"), (90, "t2"))
    ]

    plot = beats(RunRecord.of([*make_lines(), *scene(workers)]))

    assert plot is not None
    assert [each.is_right for each in plot.dots] == [True, True]


def test_one_beat_is_no_plot(make_lines: MakeLines) -> None:
    assert beats(RunRecord.of([*make_lines(), *scene([beat(1)])])) is None
    assert beats(RunRecord.of(make_lines())) is None
