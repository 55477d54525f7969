"""udckit: contract testing and conformance for the Universal Droplet Contract.

The four rooms live in the root of the repository and are linked from here, so that an
installed kit is one package: `udckit.specs`, `udckit.fakes`, `udckit.conformance`,
`udckit.reports`. Import from them; this module holds the version and one guard.
"""

from pathlib import Path

__all__ = ["__version__"]

__version__ = "0.1.0"

_ROOMS = ("specs", "fakes", "conformance", "reports")
_lost = [room for room in _ROOMS if not (Path(__file__).parent / room).is_dir()]
if _lost:
    raise ImportError(
        f"udckit cannot find its rooms {', '.join(_lost)}: src/udckit/{_lost[0]} should be a "
        f"symbolic link to ../../{_lost[0]}. A checkout without symbolic links loses them; run "
        "`git config core.symlinks true && git checkout -- src/udckit`, or install a wheel."
    )
