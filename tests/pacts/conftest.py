"""Without the optional extra there is nothing to test here, and the reason is said."""

import pytest

pytest.importorskip("pact", reason="pact-python is not installed: udckit[pact]")
