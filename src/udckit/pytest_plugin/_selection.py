"""Which rows run: the command line counts, what a project's settings add to it does not."""

from __future__ import annotations

import argparse
from types import ModuleType
from typing import Any, Final

import pytest

from udckit.pytest_plugin._items import NAME
from udckit.pytest_plugin._parser import PARSER
from udckit.specs import catalogue

__all__ = ["drop_foreign_selection", "in_one_process", "named_on_command_line", "select"]

_SELECTING: Final = (
    "collectonly",
    "deselect",
    "failedfirst",
    "keyword",
    "lf",
    "markexpr",
    "maxfail",
    "newfirst",
    "stepwise",
    "stepwise_skip",
)
"""Options that leave rows out, reorder them or stop early, by the names that pytest gives them."""

_TELLING: Final = {"reportchars": "N", "tbstyle": "no"}
"""pytest would tell each failure twice more, beside udckit's own screen: only where it is asked."""


def typed_alone(config: pytest.Config) -> argparse.Namespace:
    """Read the command line again, without what addopts and PYTEST_ADDOPTS add to it."""
    words = [str(each) for each in config.invocation_params.args]
    return config.stash[PARSER].parse_known_args(words, argparse.Namespace())


def drop_foreign_selection(config: pytest.Config) -> None:
    """Give the options that select rows the values that they have on the command line alone."""
    typed = typed_alone(config)
    for name in _SELECTING:
        if hasattr(config.option, name) and hasattr(typed, name):
            setattr(config.option, name, getattr(typed, name))
    untouched = config.stash[PARSER].parse_known_args([], argparse.Namespace())
    telling = [name for name in _TELLING if hasattr(untouched, name)]
    asked = any(getattr(typed, name) != getattr(untouched, name) for name in telling)
    for name in telling:
        setattr(config.option, name, getattr(typed, name) if asked else _TELLING[name])


def in_one_process(config: pytest.Config) -> bool:
    """Turn pytest-xdist off; True where it was on."""
    option = config.option
    was_on = bool(getattr(option, "tx", None)) and getattr(option, "dist", "no") != "no"
    if hasattr(option, "dist"):
        option.dist, option.tx, option.numprocesses = "no", [], None
    return was_on


def named_on_command_line(config: pytest.Config) -> tuple[str, ...]:
    """Give the requirements that are named by id, or by node id such as `udc::UDC-HEALTH-002`."""
    words = (str(each) for each in typed_alone(config).file_or_dir)
    ids = (word.removeprefix(f"{NAME}::").upper() for word in words)
    return tuple(each for each in ids if each in catalogue() and catalogue()[each].excluded is None)


def select(session: pytest.Session, contract: pytest.Collector) -> list[pytest.Item]:
    """Collect the contract, and let pytest's own options choose among its rows.

    Plugins and conftests have no say in it: they would reorder, skip or look for functions.
    """
    hook = session.config.hook
    hook.pytest_collectstart(collector=contract)
    report = pytest.CollectReport(NAME, "passed", None, list(contract.collect()))
    hook.pytest_collectreport(report=report)
    items: list[pytest.Item] = [each for each in report.result if isinstance(each, pytest.Item)]
    manager = session.config.pluginmanager
    strangers = [each for each in manager.get_plugins() if not _is_pytests_own(each)]
    choose = manager.subset_hook_caller("pytest_collection_modifyitems", strangers)
    choose(session=session, config=session.config, items=items)
    session.items = items
    session.testscollected = len(items)
    conftests = [each for each in strangers if _is_conftest(each)]
    finish = manager.subset_hook_caller("pytest_collection_finish", conftests)
    finish(session=session)
    return items


def _is_pytests_own(plugin: Any) -> bool:
    name = plugin.__name__ if isinstance(plugin, ModuleType) else type(plugin).__module__
    return name.startswith("_pytest.")


def _is_conftest(plugin: Any) -> bool:
    return str(getattr(plugin, "__file__", "")).endswith("conftest.py")
