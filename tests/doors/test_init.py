from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from udckit.cli._init import guessed_launch
from udckit.conformance import read_configuration

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("file", "text", "command"),
    [
        ("app.py", "app = FastAPI(title='x')", "uvicorn app:app --port {port}"),
        ("app/main.py", "api: FastAPI = FastAPI()", "uvicorn app.main:api --port {port}"),
        ("web.py", "app = Flask(__name__)", "flask --app web:app run --port {port}"),
        ("package.json", '{"scripts": {"start": "node ."}}', "npm start"),
        ("notes.txt", "app = FastAPI()", None),
    ],
)
def test_launch_command_is_guessed_from_the_folder(
    tmp_path: Path, file: str, text: str, command: str | None
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)

    assert guessed_launch(tmp_path) == command


def test_configuration_is_written_from_what_the_target_shows(
    udckit: Run, anything: str, tmp_path: Path
) -> None:
    run = udckit("certify", "--init", anything, "--has", "peers", "--role", "droplet")

    path = tmp_path / "udckit.toml"
    assert (run.returncode, run.stderr) == (0, "")
    assert read_configuration(path) == {"has": ("peers",), "role": "droplet"}
    assert "# It shows by itself: key-client" in path.read_text()
    assert not (tmp_path / "udckit-report").exists()


def test_every_line_that_is_offered_may_be_uncommented(udckit: Run, tmp_path: Path) -> None:
    udckit("certify", "--init")
    lines = (tmp_path / "udckit.toml").read_text().splitlines()
    offered = [
        line.removeprefix("# ")
        for line in lines
        if " = " in line
        or line.startswith(("# [headers]", "# [environment]", "# [[known-", "# [dependencies."))
    ]
    (tmp_path / "udckit.toml").write_text("\n".join(offered))

    told = read_configuration(tmp_path / "udckit.toml")

    written = tomllib.loads("\n".join(offered))
    assert {name.replace("-", "_") for name in written} == told.keys()
    assert told["headers"] == (("X-Site", "blue"),)


def test_configuration_that_is_there_is_not_overwritten(udckit: Run, tmp_path: Path) -> None:
    (tmp_path / "udckit.toml").write_text("# mine\n")

    run = udckit("certify", "--init")

    assert run.returncode == 2
    assert (tmp_path / "udckit.toml").read_text() == "# mine\n"
