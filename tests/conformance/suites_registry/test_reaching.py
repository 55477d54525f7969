"""A Registry under test: it is its own authority, whatever it asks of strangers."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import Fault
from faults.fault import read_faults
from faults.proxy import FaultProxy

from udckit.conformance import Options, RunRecord, certify, dump, rejudge
from udckit.fakes import FakeRegistry, FakesUp, SigningKey, fakes_up

REGISTRY = Path(__file__).parents[2] / "fleet" / "aiohttp_registry" / "registry.py"
LAUNCH = f"'{sys.executable}' '{REGISTRY}' {{port}}"
SIGNED = ("AUTH-009", "AUTH-010", "AUTH-011", "AUTH-015")
OWN = ("REG-REGISTER-001", "REG-REGISTER-002", "REG-TOKEN-001", "REG-SVC-001", "REG-KEY-001")

Certify = Callable[..., RunRecord]


@pytest.fixture
def certified(tmp_path: Path) -> Certify:
    """Certify a Registry; the record judged again says the same."""

    def run(**options: object) -> RunRecord:
        asked = Options(role="registry", report_dir=tmp_path / "report", **options)  # type: ignore[arg-type]  # named by each test
        record = certify(asked)
        again = rejudge(record)
        assert {name: dump(each.as_json()) for name, each in again.items()} == {
            name: dump(each.as_json()) for name, each in record.verdicts.items()
        }
        return record

    return run


def a_fault(tmp_path: Path, text: str) -> Fault:
    path = tmp_path / "fault.yaml"
    path.write_text(text, encoding="utf-8")
    return read_faults(path)[0]


def words(record: RunRecord, *rows: str) -> dict[str, str]:
    return {row: record.verdicts[row].verdict for row in rows}


def test_registry_is_certified_with_nothing_but_its_url(certified: Certify) -> None:
    with FakeRegistry() as registry:
        record = certified(url=registry.url, stages=("shape",))

    assert record.footer is not None
    assert record.footer["exit_code"] == 0
    assert record.header["authority"] == "target"


def test_hostile_names_that_an_earlier_run_left_are_no_leak(certified: Certify) -> None:
    with FakeRegistry() as registry:
        certified(url=registry.url, only=("REG-REGISTER-010",))
        left = [service.name for service in registry.services if "DROP TABLE" in service.name]
        record = certified(url=registry.url, only=("REG-SVC-005", "ERR-005"))

    assert left
    assert record.verdicts["ERR-005"].verdict == "pass"


@pytest.mark.parametrize("announced", [True, False], ids=["the fakes that are up", "one alone"])
def test_key_of_a_fake_that_is_up_is_asked_for_at_its_control_api(
    certified: Certify, announced: bool
) -> None:
    up = fakes_up() if announced else FakeRegistry()
    with up as running:
        registry = running.registry if isinstance(running, FakesUp) else running
        record = certified(url=registry.url, only=SIGNED)

    assert words(record, *SIGNED) == dict.fromkeys(SIGNED, "pass")
    assert next(
        line["shown"] for line in record.lines("capability") if line["name"] == "signing-key"
    )


def test_key_of_a_registry_that_is_no_fake_is_not_observed(certified: Certify) -> None:
    with FakeRegistry(control="nobody") as registry:
        record = certified(url=registry.url, only=SIGNED)

    assert set(words(record, *SIGNED).values()) == {"not_observed"}


def test_key_that_is_not_the_registrys_own_is_no_help(certified: Certify, tmp_path: Path) -> None:
    other = json.dumps(
        {"name": "x", "private_key": SigningKey.generate().private_pem, "public_key": ""}
    )
    lying = a_fault(
        tmp_path,
        "- {id: lying, story: s, where: GET /__udckit__/key,"
        f" do: [{{answer: {{status: 200, json: {other}}}}}]}}",
    )
    with FakeRegistry() as registry, FaultProxy(registry.url) as proxy:
        proxy.strike(lying)
        record = certified(url=proxy.url, only=SIGNED)

    assert set(words(record, *SIGNED).values()) == {"not_observed"}


def test_name_that_an_earlier_run_left_does_not_stop_a_registry_that_refuses_restarts(
    certified: Certify, tmp_path: Path
) -> None:
    taken = a_fault(
        tmp_path,
        "- {id: taken, story: s, where: POST /register, when: {members: {name: udckit-probe}},"
        " do: [{answer: {status: 409, json: {detail: taken}}}]}",
    )
    with FakeRegistry() as registry, FaultProxy(registry.url) as proxy:
        proxy.strike(taken)
        record = certified(url=proxy.url, only=OWN)
        names = [service.name for service in registry.services]

    assert set(words(record, *OWN).values()) == {"pass"}
    own = [name for name in names if name.startswith("udckit-probe")]
    assert "udckit-probe" not in own
    assert "udckit-probe-peer" not in own


def test_registry_that_wants_a_key_of_its_site_is_told_as_such(
    certified: Certify, tmp_path: Path
) -> None:
    gate = a_fault(
        tmp_path,
        "- {id: gate, story: s, where: POST /register, when: {header: {X-Site-Key: '^$'}},"
        " do: [{answer: {status: 401, json: {detail: a site key is needed}}}]}",
    )
    with FakeRegistry() as registry, FaultProxy(registry.url) as proxy:
        proxy.strike(gate)
        without = certified(url=proxy.url, only=OWN)
        with_it = certified(url=proxy.url, only=OWN, headers=(("X-Site-Key", "open-sesame"),))

    assert words(without, *OWN) == {
        "REG-REGISTER-001": "not_observed",
        "REG-REGISTER-002": "fail",
        "REG-TOKEN-001": "not_observed",
        "REG-SVC-001": "not_observed",
        "REG-KEY-001": "pass",
    }
    assert without.verdicts["REG-REGISTER-001"].blocked_by == "REG-REGISTER-002"
    assert words(with_it, *OWN) == dict.fromkeys(OWN, "pass") | {
        "REG-REGISTER-002": "not_applicable"
    }
    assert "open-sesame" not in "".join(map(dump, with_it.others))


def test_token_of_the_operator_opens_a_registry_that_registers_nobody_else(
    certified: Certify, tmp_path: Path
) -> None:
    closed = a_fault(
        tmp_path,
        "- {id: closed, story: s, where: POST /register, when: {authorization: absent},"
        " do: [{answer: {status: 401, json: {detail: a token is needed}}}]}",
    )
    with FakeRegistry() as registry, FaultProxy(registry.url) as proxy:
        token = registry.register("operator", 3).token
        proxy.strike(closed)
        record = certified(url=proxy.url, only=OWN, token=token)

    assert words(record, *OWN) == dict.fromkeys(OWN, "pass") | {"REG-REGISTER-002": "fail"}


@pytest.mark.parametrize(("keeps", "verdict"), [(True, "pass"), (False, "fail")])
def test_key_is_compared_with_that_of_another_start(
    certified: Certify, tmp_path: Path, keeps: bool, verdict: str
) -> None:
    kept = (("REGISTRY_DB", str(tmp_path / "registry.db")),) if keeps else ()

    record = certified(launch=LAUNCH, only=("REG-KEY-004",), environment=kept)

    assert record.verdicts["REG-KEY-004"].verdict == verdict


def test_key_of_a_registry_that_the_kit_did_not_launch_is_not_compared(certified: Certify) -> None:
    with FakeRegistry() as registry:
        record = certified(url=registry.url, only=("REG-KEY-004",))

    assert record.verdicts["REG-KEY-004"].verdict == "not_observed"
    assert "did not launch" in record.verdicts["REG-KEY-004"].message


def test_registry_that_never_answers_a_registration_is_judged_all_the_same(
    certified: Certify, tmp_path: Path
) -> None:
    gone = a_fault(
        tmp_path,
        "- {id: gone, story: s, where: POST /register, do: [{close: true}]}",
    )
    with FakeRegistry() as registry, FaultProxy(registry.url) as proxy:
        proxy.strike(gone)
        record = certified(url=proxy.url, only=OWN)

    assert record.verdicts["REG-REGISTER-001"].verdict == "fail"
    assert record.verdicts["REG-KEY-001"].verdict == "pass"
