"""Reads the compiled JSON: run time never opens a YAML file."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from udckit.specs._errors import StaleSpecsError

ROOM = Path(__file__).parent
COMPILED = ROOM / "compiled"


@cache
def load(name: str) -> Any:
    """Give one compiled file, parsed once and shared: callers must not change it."""
    path = COMPILED / f"{name}.json"
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError as missing:
        raise StaleSpecsError(
            f"{path.name} is missing beside the specs; run `python -m udckit.specs._compile`"
        ) from missing
