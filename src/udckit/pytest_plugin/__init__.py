"""The pytest front: `pytest --target=URL` runs the contract and nothing else.

Without one of its options it does nothing, and importing it costs next to nothing. Its fixtures
`fake_registry`, `fake_orchestrator`, `fake_droplet` and `droplet_environment` are always there.
"""

from udckit.pytest_plugin._entry import (
    pytest_addoption,
    pytest_cmdline_main,
    pytest_load_initial_conftests,
    pytest_terminal_summary,
)
from udckit.pytest_plugin._fixtures import (
    droplet_environment,
    fake_droplet,
    fake_orchestrator,
    fake_registry,
)

__all__ = [
    "droplet_environment",
    "fake_droplet",
    "fake_orchestrator",
    "fake_registry",
    "pytest_addoption",
    "pytest_cmdline_main",
    "pytest_load_initial_conftests",
    "pytest_terminal_summary",
]
