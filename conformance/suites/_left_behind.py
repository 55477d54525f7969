"""What a run leaves behind at a Registry: names that a later run meets again in its listing."""

from typing import Final

__all__ = ["HOSTILE_NAMES"]

HOSTILE_NAMES: Final = (
    "udckit-x'; DROP TABLE services; --",
    "udckit-' OR '1'='1",
    'udckit-"quoted"',
    "udckit-../../etc/passwd",
    "udckit-a/b",
    "udckit-{{7*7}}%s${x}",
    "udckit-ünïcödé-漢字",
    "udckit-nul-\x00-byte",
    "udckit-" + "n" * 120,
)
"""SQL, path and template text in names (REG-REGISTER-010); the kit's own words wherever shown."""
