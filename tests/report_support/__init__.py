"""What the tests of the reports share: droplets of the field, real runs, the machine's browser."""

from report_support.droplets import DROPLETS, EMPTY, MIXED, PREFIXED, Speaker, always, speaking
from report_support.hostile import CANARY, CORPUS, HOSTILE
from report_support.runs import run_of, run_of_a_right_droplet, run_of_lines
from report_support.scenes import call, scene

__all__ = [
    "CANARY",
    "CORPUS",
    "DROPLETS",
    "EMPTY",
    "HOSTILE",
    "MIXED",
    "PREFIXED",
    "Speaker",
    "always",
    "call",
    "run_of",
    "run_of_a_right_droplet",
    "run_of_lines",
    "scene",
    "speaking",
]
