"""The HTML report in a browser: it renders, filters, prints, and nothing of it leaves or runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from report_support import CANARY

from udckit.reports import account_of
from udckit.reports._format import Run

Open = Callable[..., Any]
PHONE = {"viewport": {"width": 360, "height": 740}}


@pytest.mark.parametrize("name", ["html", "board"])
@pytest.mark.parametrize("kind", ["right", "hostile"])
def test_a_page_asks_for_nothing_and_complains_of_nothing(
    opened: Open, request: pytest.FixtureRequest, kind: str, name: str
) -> None:
    seen = opened(request.getfixturevalue(kind), name)

    assert seen.console == []
    assert [each for each in seen.requests if not each.startswith(("file:", "data:"))] == []
    assert len([each for each in seen.requests if each.startswith("file:")]) == 1


@pytest.mark.parametrize("name", ["html", "board"])
def test_an_attack_stays_text(opened: Open, hostile: Run, name: str) -> None:
    page = opened(hostile, name).page
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for summary in page.locator("summary").all()[:60]:
        summary.evaluate("each => { each.parentElement.open = true }")
    page.evaluate("for (const e of document.all) e.dispatchEvent(new Event('error'))")

    assert page.evaluate(f"typeof window.{CANARY}") == "undefined"
    assert page.locator("body img, body iframe, body link, body meta, body base").count() == 0
    assert page.locator("[onerror], [onload], [onmouseover]").count() == 0
    assert dialogs == []
    assert CANARY in page.inner_text("body")


def test_the_policy_stops_what_an_escape_would_let_through(opened: Open, right: Run) -> None:
    seen = opened(right)
    seen.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend',"
        f" '<img src=http://127.0.0.2:9/x onerror={CANARY}=1><style>body{{color:red}}</style>')"
    )
    seen.page.evaluate(
        "{ const s = document.createElement('script');"
        f" s.textContent = 'window.{CANARY}=1'; document.body.append(s); }}"
    )

    assert seen.page.evaluate(f"typeof window.{CANARY}") == "undefined"
    assert any("Content Security Policy" in each for each in seen.console)


def shown(page: Any) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        ".row", "rows => rows.filter(r => r.checkVisibility()).map(r => r.id)"
    )
    return found


def test_filters_show_what_they_say(opened: Open, right: Run) -> None:
    page = opened(right).page
    account = account_of(right.record)
    asked = [each.id for each in account.asked]
    assert sorted(shown(page)) == sorted(asked)

    page.locator("label", has_text="SHOULD").click()
    should = [each.id for each in account.asked if each.level == "SHOULD"]
    assert sorted(shown(page)) == sorted(should)

    page.locator("#q").fill("health spelled with")
    assert shown(page) == ["UDC-HEALTH-015"]
    assert "1 of " in page.inner_text(".shown")

    page.locator("#q").fill("no such words anywhere")
    assert shown(page) == []


def test_a_link_to_a_row_opens_it_even_where_a_filter_hides_it(opened: Open, right: Run) -> None:
    page = opened(right).page
    page.locator("#q").fill("no such words anywhere")

    page.evaluate("location.hash = 'AUTH-002'")

    page.wait_for_selector("#AUTH-002 details[open]")
    assert "AUTH-002" in shown(page)
    assert page.evaluate("document.activeElement.closest('.row').id") == "AUTH-002"


def test_the_page_is_used_with_the_keyboard_alone(opened: Open, right: Run) -> None:
    page = opened(right).page

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("UDC-HEALTH-002")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.value") == "pass"
    assert shown(page) == ["UDC-HEALTH-002"]


@pytest.mark.parametrize("kind", ["right", "hostile"])
def test_a_phone_never_scrolls_sideways(
    opened: Open, request: pytest.FixtureRequest, kind: str
) -> None:
    page = opened(request.getfixturevalue(kind), **PHONE).page
    for each in ("details", ".http"):
        page.eval_on_selector_all(each, "all => all.slice(0, 80).forEach(d => { d.open = true })")

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_light_and_dark_are_both_legible(opened: Open, right: Run) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        page = opened(right, color_scheme=scheme).page
        colours[scheme] = page.evaluate(CONTRASTS)

    assert colours["light"] != colours["dark"]
    for found in colours.values():
        assert {each["where"]: each["ratio"] for each in found if each["ratio"] < 4.5} == {}


def test_paper_has_the_findings_and_none_of_the_controls(opened: Open, hostile: Run) -> None:
    page = opened(hostile).page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert page.locator(".filters, .sections, .copyable button").first.is_hidden()
    assert not page.locator(".exchanges").is_visible()
    assert page.locator(".finding .grounds").first.is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_without_script_everything_is_there_to_read(opened: Open, right: Run) -> None:
    page = opened(right, java_script_enabled=False).page

    assert page.locator(".filters").is_hidden()
    assert page.locator(".row").count() == page.locator(".row:visible").count()


def test_a_screen_reader_finds_landmarks_headings_and_names(opened: Open, right: Run) -> None:
    page = opened(right).page
    tree = page.locator("body").aria_snapshot()

    for part in ("banner", "navigation", "main", "contentinfo", 'heading "Stages"', "status"):
        assert part in tree, part
    levels = page.eval_on_selector_all("h1,h2,h3,h4,h5", "all => all.map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert page.locator("svg[role=img]:not([aria-label])").count() == 0
    nameless = page.eval_on_selector_all(
        "input, button, summary, a",
        "all => all.filter(e => !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).length",
    )
    assert nameless == 0


CONTRASTS = """
(() => {
  const light = (c) => {
    const f = c.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2];
  };
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = numbers(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] === 1) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const picked = [
    "h1", ".target", ".facts dt", ".facts dd", ".sections a", ".lead strong", ".lead span",
    ".stage h3", ".stage .word", ".counts li", ".box summary", ".quiet", ".mark.pass",
    ".mark.fail", ".mark.not_observed", ".mark.not_applicable", ".row .text", ".level", "a.id",
    ".shown", "legend", ".exchanges .outcome", "pre", ".bottom p",
  ];
  return picked.flatMap((where) => {
    const e = document.querySelector(where);
    if (!e) return [];
    const style = getComputedStyle(e);
    const alpha = Number(style.opacity);
    const back = behind(e);
    const front = numbers(style.color).slice(0, 3).map((v, i) => v * alpha + back[i] * (1 - alpha));
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    return [{ where, ratio: (a + 0.05) / (b + 0.05) }];
  });
})()
"""
"""Reckons the contrast of text to what is behind it, as WCAG does."""
