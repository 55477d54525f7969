"""What the room offers is said once, sorted, and there."""

import udckit.specs


def test_public_names_are_sorted_and_there() -> None:
    assert udckit.specs.__all__ == sorted(udckit.specs.__all__)
    assert all(hasattr(udckit.specs, name) for name in udckit.specs.__all__)
