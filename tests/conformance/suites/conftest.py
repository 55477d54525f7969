"""A server for all of these tests, and a fresh right droplet on it for each."""

from collections.abc import Callable, Iterator

import pytest
from bending.droplet import Droplet, serving


@pytest.fixture(scope="session")
def _fresh() -> Iterator[Callable[[], Droplet]]:
    with serving() as fresh:
        yield fresh


@pytest.fixture
def droplet(_fresh: Callable[[], Droplet]) -> Droplet:
    """A right droplet; bend it."""
    return _fresh()
