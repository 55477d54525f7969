"""What pytest reads in every session: the options, and the one question whether they are used."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from typing import Any, Final

import pytest

from udckit._options import OPTIONS
from udckit.pytest_plugin._parser import PARSER

__all__ = [
    "pytest_addoption",
    "pytest_cmdline_main",
    "pytest_load_initial_conftests",
    "pytest_terminal_summary",
]

_TAKEN: Final = pytest.StashKey[bool]()
_SHORT: Final = "udc_short_target"
_TARGETS: Final = ("url", "launch", "app", "config")
_BAD_INVOCATION: Final = 2


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register `--udc-target`, and each option of a run under `--udc-…`."""
    group = parser.getgroup("udckit", "certify a service against the Universal Droplet Contract")
    group.addoption(
        "--udc-target",
        dest="udc_url",
        metavar="URL",
        help="Run the contract, and nothing else, against this service (or --target=URL).",
    )
    for each in OPTIONS:
        shape: dict[str, Any] = (
            {"action": "store_const", "const": True}
            if each.type is bool
            else {
                "metavar": each.metavar,
                "type": each.type,
                "action": "append" if each.many else "store",
            }
        )
        group.addoption(f"--udc-{each.flag}", dest=f"udc_{each.field}", help=each.help, **shape)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser
) -> Generator[None]:
    """Once the conftests are loaded, take `--target` where it was typed and nobody owns it."""
    result = yield
    early_config.stash[PARSER] = parser
    typed = early_config.invocation_params.args
    said = [str(each) for each in typed if str(each).partition("=")[0] == "--target"]
    if said and _is_free("--target", parser):
        parser.addoption("--target", dest=_SHORT, metavar="URL", help="The same as --udc-target.")
    elif said:
        early_config.stash[_TAKEN] = True
    return result


def _is_free(option: str, parser: pytest.Parser) -> bool:
    try:
        _, unknown = parser.parse_known_and_unknown_args([f"{option}=x"])
    except (pytest.UsageError, SystemExit):  # an owner who does not take this value
        return False
    return bool(unknown)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Where a target was given, make the session a certification; else leave pytest alone."""
    values = {each.field: getattr(config.option, f"udc_{each.field}", None) for each in OPTIONS}
    short = getattr(config.option, _SHORT, None)
    urls = [url for url in (config.option.udc_url, short) if url is not None]
    values["url"] = urls[0] if urls else None
    if all(values[name] is None for name in _TARGETS):
        typed = [str(each) for each in config.invocation_params.args]
        if not any(each.startswith("--udc-") for each in typed):
            return None
    if len(urls) > 1:
        return _refuse("--target and --udc-target are the same option: give one of them.")
    return _certify_instead(config, values)


def _certify_instead(config: pytest.Config, values: dict[str, Any]) -> int | None:
    from udckit._door import options_from  # noqa: PLC0415 - only a certification pays for the kit
    from udckit.conformance import InvocationError  # noqa: PLC0415 - likewise
    from udckit.pytest_plugin._session import Certification  # noqa: PLC0415 - likewise

    try:
        options = options_from(values, token_at_hand=os.environ.get("UDCKIT_TOKEN"))
    except InvocationError as mistake:
        return _refuse(str(mistake))
    config.pluginmanager.register(Certification(config, options), "udckit-certification")
    return None


def _refuse(why: str) -> int:
    sys.stderr.write(f"udckit: {why}\n")
    return _BAD_INVOCATION


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say once that `--target` belongs to the project, where it looks as if udckit was meant."""
    value = str(getattr(config.option, "target", ""))
    if config.stash.get(_TAKEN, False) and value.startswith(("http://", "https://")):
        terminalreporter.write_line(
            "udckit: --target is an option of this project's own here; "
            f"to certify that service say --udc-target={value}"
        )
