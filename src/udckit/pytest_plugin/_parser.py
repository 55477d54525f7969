"""Where pytest's parser is kept: whoever is asked later what was typed asks it again."""

from __future__ import annotations

from typing import Final

import pytest

__all__ = ["PARSER"]

PARSER: Final = pytest.StashKey[pytest.Parser]()
