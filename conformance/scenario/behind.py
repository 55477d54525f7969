"""What stands behind one target: each dependency within the kit's reach, to be cut and restored."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from udckit.conformance.backing import Dependency
from udckit.conformance.errors import InvocationError
from udckit.conformance.scenario.tcp import TcpProxy

__all__ = ["Behind", "behind"]

_REACHED_WITHIN: Final = 3.0


class _Reach(Protocol):
    @property
    def peak(self) -> int: ...
    @property
    def taken(self) -> int: ...
    def cut(self) -> None: ...
    def hang(self) -> None: ...
    def restore(self) -> None: ...


class _File:
    """A SQLite database: its file is taken away, and put back over whatever came meanwhile."""

    peak = 0
    taken = 0

    def __init__(self, path: Path) -> None:
        self._path = path
        self._aside = path.with_name("taken-away")

    def cut(self) -> None:
        if self._path.exists():
            self._path.replace(self._aside)

    def hang(self) -> None:
        """A file cannot hang: it stays as it is."""

    def restore(self) -> None:
        if self._aside.exists():
            self._aside.replace(self._path)


@dataclass(frozen=True, slots=True)
class Behind:
    """The dependencies of one target by kind, and the settings by which it finds them."""

    environment: Mapping[str, str] = field(default_factory=dict)
    reaches: Mapping[str, _Reach] = field(default_factory=dict)
    files: frozenset[str] = frozenset()
    """The kinds that are files: an open one outlives its name."""


@contextlib.contextmanager
def behind(dependencies: Sequence[Dependency], *, proxied: bool) -> Iterator[Behind]:
    """Put the kit before each dependency where `proxied`; a SQLite file is a copy of its own.

    Raises:
        InvocationError: one of them is not there, so that nothing could be shown by taking it away.
    """
    environment: dict[str, str] = {}
    reaches: dict[str, _Reach] = {}
    with contextlib.ExitStack() as stack:
        for each in dependencies:
            if each.file is not None:
                path = _copy(each.file, stack)
                moved = replace(each, url=f"{each.url.partition('://')[0]}:///{path}")
                environment |= moved.environment()
                reaches[each.kind] = _File(path)
                continue
            proxy = None
            if proxied:
                _must_answer(each)
                proxy = stack.enter_context(TcpProxy(each.place))
                reaches[each.kind] = proxy
            environment |= each.environment(proxy.place if proxy is not None else None)
        files = frozenset(each.kind for each in dependencies if each.file is not None)
        yield Behind(environment, reaches, files)


def _copy(file: Path, stack: contextlib.ExitStack) -> Path:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="udckit-database-")))
    path = folder / file.name
    if file.is_file():
        shutil.copyfile(file, path)
    return path


def _must_answer(dependency: Dependency) -> None:
    host, port = dependency.place
    try:
        socket.create_connection((host, port), _REACHED_WITHIN).close()
    except OSError as failed:
        raise InvocationError(
            f"The {dependency.kind} that was declared does not answer at {host}:{port} ({failed}); "
            "start it, or correct its url in udckit.toml."
        ) from failed
