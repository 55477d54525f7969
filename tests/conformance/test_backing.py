"""What udckit.toml says of a database, a Redis and an external API."""

from pathlib import Path
from typing import Any

import pytest

from udckit.conformance import InvocationError, read_configuration
from udckit.conformance.backing import Dependency, read_dependencies
from udckit.conformance.scenario.behind import behind


def _read(text: str, folder: Path) -> tuple[Dependency, ...]:
    path = folder / "udckit.toml"
    path.write_text(text, encoding="utf-8")
    found: Any = read_configuration(path)["dependencies"]
    return tuple(found)


def test_a_database_is_told_to_the_droplet_by_its_url(tmp_path: Path) -> None:
    (database,) = _read(
        '[dependencies.database]\nurl = "postgresql+psycopg://me:secret@db.example/app?x=1"\n',
        tmp_path,
    )

    assert database.place == ("db.example", 5432)
    assert database.environment(("127.0.0.1", 7)) == {
        "DATABASE_URL": "postgresql+psycopg://me:secret@127.0.0.1:7/app?x=1"
    }


def test_redis_is_told_by_url_and_by_host_and_port(tmp_path: Path) -> None:
    (redis,) = _read('[dependencies.redis]\nurl = "redis://cache:6380/2"\n', tmp_path)

    assert redis.environment() == {
        "REDIS_URL": "redis://cache:6380/2",
        "REDIS_HOST": "cache",
        "REDIS_PORT": "6380",
    }


def test_settings_of_ones_own_are_filled_in(tmp_path: Path) -> None:
    (api,) = _read(
        '[dependencies.external-api]\nurl = "http://pay.example/v1"\n'
        'environment = { PAY = "{url}", PAY_AT = "{host}:{port}" }\n',
        tmp_path,
    )

    assert api.capability == "external-apis"
    assert api.environment(("127.0.0.1", 7)) == {
        "PAY": "http://127.0.0.1:7/v1",
        "PAY_AT": "127.0.0.1:7",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dependencies = 3\n", "is a table of database, redis, external-api"),
        ("[dependencies.cache]\nurl = 'redis://x'\n", "'cache' is no dependency"),
        ("[dependencies.redis]\nport = 3\n", "needs a url"),
        ("[dependencies.redis]\nurl = 'redis://x'\nhost = 'y'\n", "says 'host'"),
        ("[dependencies.redis]\nurl = 'redis:///0'\n", "names no host and port"),
        ("[dependencies.database]\nurl = 'db2://h:notaport/x'\n", "names no host and port"),
        ("[dependencies.external-api]\nurl = 'http://x'\n", "needs an environment"),
    ],
)
def test_what_makes_no_sense_is_said(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InvocationError, match=told):
        _read(text, tmp_path)


def test_a_sqlite_file_is_a_copy_that_is_taken_away_and_put_back(tmp_path: Path) -> None:
    file = tmp_path / "app.db"
    file.write_bytes(b"mine")
    declared = read_dependencies({"database": {"url": f"sqlite+aiosqlite:///{file}"}}, "a test")

    with behind(declared, proxied=True) as back:
        copy = Path(back.environment["DATABASE_URL"].removeprefix("sqlite+aiosqlite:///"))
        assert copy != file
        assert copy.read_bytes() == b"mine"
        back.reaches["database"].cut()
        assert not copy.exists()
        copy.write_bytes(b"came meanwhile")
        back.reaches["database"].restore()
        assert copy.read_bytes() == b"mine"

    assert file.read_bytes() == b"mine"
    assert not copy.exists()


def test_a_dependency_that_is_not_there_is_the_operators_mistake() -> None:
    declared = read_dependencies({"redis": {"url": "redis://127.0.0.1:1/0"}}, "a test")

    with pytest.raises(InvocationError, match="does not answer"), behind(declared, proxied=True):
        pytest.fail("it was let in")
