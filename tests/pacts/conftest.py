"""Without the optional extra there is nothing to test here, and the reason is said."""

from collections.abc import Iterator
from pathlib import Path

import click.testing
import pytest

pytest.importorskip("pact", reason="pact-python is not installed: udckit[pact]")

from pacts.protocol_broker import TOKEN, ProtocolBroker, protocol_broker
from pacts.typing_pact import NO_CI, Typed
from udckit.cli._pact import command
from udckit.fakes import FakesUp, fakes_up


@pytest.fixture
def pact() -> Typed:
    """Type `udckit pact …` on a desk, or in the environment that is given."""

    def typed(*words: str, **environment: str | None) -> click.testing.Result:
        env = {**NO_CI, "PACT_BROKER_BASE_URL": None, "PACT_BROKER_TOKEN": TOKEN, **environment}
        result = click.testing.CliRunner().invoke(command, words, env=env)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return typed


@pytest.fixture
def broker() -> Iterator[ProtocolBroker]:
    with protocol_broker() as running:
        yield running


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakesUp]:
    """Fakes that are announced in a folder of the test's own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with fakes_up() as running:
        yield running
