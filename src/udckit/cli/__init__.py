"""The command line: one front of the kit. Each command is imported when it is called."""

from udckit.cli._main import main

__all__ = ["main"]
