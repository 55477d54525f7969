"""An Orchestrator that the kit launches: the other right one, in its own process, in real time."""

import sys
from pathlib import Path

from udckit.conformance import Options, certify, dump, rejudge

ORCHESTRATOR = Path(__file__).parents[2] / "fleet" / "aiohttp_orchestrator" / "orchestrator.py"
ROWS = ("ORCH-UDC-001", "OPS-ENV-002", "AUTH-019", "AUTH-020", "OPS-LOG-001")
"""Those of its calm scenario."""


def test_right_orchestrator_lives_as_a_droplet_does(tmp_path: Path) -> None:
    record = certify(
        Options(
            role="orchestrator",
            launch=f"'{sys.executable}' '{ORCHESTRATOR}' {{port}}",
            only=ROWS,
            report_dir=tmp_path,
        )
    )

    said = {row: record.verdicts[row] for row in ROWS}
    assert {row: (one.verdict, one.observed) for row, one in said.items()} == dict.fromkeys(
        ROWS, ("pass", None)
    )
    again = rejudge(record)
    assert {name: dump(one.as_json()) for name, one in again.items()} == {
        name: dump(one.as_json()) for name, one in record.verdicts.items()
    }
