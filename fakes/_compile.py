"""Writes control.json from control.yaml: `python -m udckit.fakes._compile`."""

import json
from pathlib import Path

import yaml

__all__ = ["compiled"]

ROOM = Path(__file__).parent


def compiled() -> str:
    """What control.json should hold."""
    document = yaml.safe_load((ROOM / "control.yaml").read_text(encoding="utf-8"))
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (ROOM / "control.json").write_text(compiled(), encoding="utf-8")
