"""What a droplet of the fleet needs of the machine, and the skip that says what is missing."""

import fcntl
import importlib.util
import shutil
import subprocess

import pytest

from fleet_support._catalogue import FLEET, Member, member

__all__ = ["missing", "require"]

PATIENCE = 120
"""Seconds for `npm ci`."""


def require(name: str) -> None:
    """Skip the test, with the reason, where this machine cannot run the droplet of that name."""
    if (reason := missing(member(name))) is not None:
        pytest.skip(reason)


def missing(one: Member) -> str | None:
    """Say what a droplet needs and this machine has not; None where it can be started."""
    for program in sorted(one.needs):
        if shutil.which(program) is None:
            return f"{one.name} needs {program}, which this machine has not"
    for package in one.packages:
        if importlib.util.find_spec(package) is None:
            return f"{one.name} needs {package}: see tests/{FLEET.name}/requirements.txt"
    if "npm" in one.needs:
        _install(one)
    return None


def _install(one: Member) -> None:
    """Run `npm ci` where nothing is installed yet; one process at a time."""
    with (one.folder / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (one.folder / "node_modules").is_dir():
            return
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=one.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if done.returncode != 0:
            shutil.rmtree(one.folder / "node_modules", ignore_errors=True)
            raise RuntimeError(f"npm ci failed for {one.name}:\n{done.stderr}")
