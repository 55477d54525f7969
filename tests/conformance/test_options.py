"""Options: what may be said of a run, and how bad input is answered."""

from pathlib import Path

import pytest

from udckit._door import options_from
from udckit.conformance import (
    InvocationError,
    Options,
    Settings,
    certifiable,
    read_configuration,
)
from udckit.specs import UnknownRequirementError


def test_options_without_a_target_say_what_to_give() -> None:
    with pytest.raises(InvocationError, match=r"No target, so nothing was tested: give a URL"):
        Options()


def test_options_refuse_two_targets() -> None:
    with pytest.raises(InvocationError, match="one run has one target"):
        Options(url="http://127.0.0.1:1", launch="x")


@pytest.mark.parametrize(
    "url", ["127.0.0.1:80", "ftp://a", "http://", "http://h:0", "http://h:99999"]
)
def test_options_refuse_what_is_no_http_url(url: str) -> None:
    with pytest.raises(InvocationError, match="URL"):
        Options(url=url)


def test_options_suggest_the_stage_that_was_meant() -> None:
    with pytest.raises(InvocationError, match="Did you mean 'security'"):
        Options(url="http://127.0.0.1:1", stages=("securty",))


def test_options_suggest_the_requirement_that_was_meant() -> None:
    with pytest.raises(UnknownRequirementError, match="UDC-HEALTH-002"):
        Options(url="http://127.0.0.1:1", only=("UDC-HEALTH-02",))


def test_options_refuse_an_excluded_requirement_with_its_reason() -> None:
    with pytest.raises(InvocationError, match="UDC-DEPS-008 is excluded"):
        Options(url="http://127.0.0.1:1", only=("UDC-DEPS-008",))


def test_options_refuse_a_capability_nobody_knows() -> None:
    with pytest.raises(InvocationError, match=r"no capability\. Did you mean .metrics."):
        Options(url="http://127.0.0.1:1", has=("metric",))


@pytest.mark.parametrize("figure", [{"max_time": 0.0}, {"health_budget": -1.0}, {"rate": 0.0}])
def test_options_refuse_times_and_rates_that_are_not_above_zero(figure: dict[str, float]) -> None:
    with pytest.raises(InvocationError, match="above 0"):
        Options(url="http://127.0.0.1:1", **figure)  # type: ignore[arg-type]  # parametrized by name


def test_a_url_alone_can_certify_shape_and_a_launched_target_everything() -> None:
    assert certifiable("url") == ("shape",)
    assert certifiable("fakes") == certifiable("app") == ("shape", "security", "integration")
    assert certifiable("launch") == ("shape", "security", "integration", "resilience")


def test_asked_stages_come_in_the_order_of_mending() -> None:
    options = Options(url="http://127.0.0.1:1", stages=("security", "shape"))

    assert options.asked_stages("url") == ("shape", "security")


def test_configuration_is_read_from_udckit_toml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "udckit.toml").write_text(
        'launch = "serve --port {port}"\nhas = ["metrics"]\nhealth-budget = 0.2\n'
        '[headers]\n"X-Site" = "a"\n'
    )
    monkeypatch.chdir(tmp_path)

    options = Options(**read_configuration())

    assert options.launch == "serve --port {port}"
    assert options.has == ("metrics",)
    assert options.health_budget == 0.2
    assert options.headers == (("X-Site", "a"),)


def test_configuration_is_read_from_the_table_of_pyproject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.udckit]\nrole = "registry"\n')
    monkeypatch.chdir(tmp_path)

    assert read_configuration() == {"role": "registry"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lunch = 'x'", "Did you mean 'launch'"),
        ("launch = 3", "wrong type"),
        ("has = 'metrics'", "a list of words"),
        ("headers = []", "a table"),
        ("= 3", "is no TOML"),
        ("token = 'secret'", "does not know"),
    ],
)
def test_configuration_that_makes_no_sense_is_refused_in_words(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "udckit.toml"
    path.write_text(text)

    with pytest.raises(InvocationError, match=told):
        read_configuration(path)


def test_configuration_that_is_missing_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(InvocationError, match="cannot be read"):
        read_configuration(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://127.0.0.1:8010", True),
        ("http://127.9.9.9", True),
        ("http://localhost:8010/base", True),
        ("http://[::1]:8010", True),
        ("http://127.0.0.1.example:8010", False),
        ("http://localhost.example", False),
        ("http://10.0.0.7:8010", False),
    ],
)
def test_loopback_is_an_address_and_not_a_name_that_looks_like_one(url: str, is_here: bool) -> None:
    assert Settings(url).is_local is is_here


@pytest.mark.parametrize("speed", [0.5, 0.0, -3.0, 101.0])
def test_options_refuse_a_speed_that_is_none(speed: float) -> None:
    with pytest.raises(InvocationError, match="a factor from 1"):
        Options(url="http://127.0.0.1:1", speed=speed)


def test_real_time_is_a_speed_of_one() -> None:
    target = {"url": "http://127.0.0.1:1"}

    assert options_from({**target, "real_time": True}).speed == 1.0
    assert options_from({**target, "real_time": False, "speed": 30.0}).speed == 30.0
    assert options_from(target).speed is None


def test_a_speed_and_real_time_at_once_are_refused() -> None:
    with pytest.raises(InvocationError, match="not both"):
        options_from({"url": "http://127.0.0.1:1", "real_time": True, "speed": 2.0})


def test_a_seed_of_nought_is_a_seed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "udckit.toml").write_text("seed = 7\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert options_from({"url": "http://127.0.0.1:1", "seed": 0}).seed == 0


def test_watch_of_two_beats_is_asked_for() -> None:
    url = "http://127.0.0.1:1"

    assert Options(url=url).asked_stages("fakes") == ("shape", "security")
    assert Options(app="app:app").asked_stages("app") == ("shape", "security")
    assert Options(url=url, attached=True).asked_stages("fakes")[-1] == "integration"
    assert Options(url=url, stages=("integration",)).asked_stages("fakes") == ("integration",)
