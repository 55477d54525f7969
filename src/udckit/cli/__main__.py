"""`python -m udckit.cli` is `udckit`."""

from udckit.cli._main import main

main()
