"""Run time reads JSON that is what the YAML says, and pays little for it."""

import json
import subprocess
import sys

import pytest

from udckit.specs import StaleSpecsError, digests
from udckit.specs._compile import compiled, main, sources, stale
from udckit.specs._compiled import COMPILED, ROOM, load


def test_compiled_json_is_what_the_yaml_says() -> None:
    names = stale()

    assert not names, (
        f"{', '.join(names)} do not hold what the YAML says; "
        "run `python -m udckit.specs._compile` and commit what it writes"
    )


def test_compiling_is_deterministic() -> None:
    assert compiled() == compiled()


def test_compiling_writes_what_is_stale_and_removes_what_has_no_source(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("specs") / "compiled"
    monkeypatch.setattr("udckit.specs._compile.COMPILED", folder)
    main()
    (folder / "udc.json").write_text("{}", "utf-8")
    (folder / "orphan.json").write_text("{}", "utf-8")

    assert stale() == ["orphan.json", "udc.json"]
    main()
    assert stale() == []
    assert {path.name for path in folder.iterdir()} == {path.name for path in COMPILED.iterdir()}


def test_missing_compiled_file_says_what_to_run() -> None:
    with pytest.raises(StaleSpecsError, match=r"python -m udckit\.specs\._compile"):
        load("nothing-of-that-name")


def test_digests_name_every_source_file() -> None:
    assert set(digests()) == {path.relative_to(ROOM).as_posix() for path in sources()}
    assert {"guide/guide.md", "openapi/udc.yaml", "editions/1.0.yaml"} <= set(digests())
    assert all(len(digest) == 64 for digest in digests().values())


def test_specs_import_neither_yaml_nor_validators_before_they_are_needed() -> None:
    program = """
import sys, json
import udckit.specs as specs
specs.catalogue(); specs.edition(); specs.surface("udc"); specs.readings(); specs.digests()
early = sorted({"yaml", "jsonschema_rs", "difflib"} & set(sys.modules))
specs.surface("udc").operations["getHealth"].response_problems(200, {})
print(json.dumps([early, "yaml" in sys.modules, "jsonschema_rs" in sys.modules]))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert json.loads(ran.stdout) == [[], False, True]
