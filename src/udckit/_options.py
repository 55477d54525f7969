"""The options of a run, once: the command line and the pytest plugin both read this table.

It imports nothing of the kit, for pytest reads it in every session of whoever installed udckit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["OPTIONS", "Option"]


@dataclass(frozen=True, slots=True)
class Option:
    """One option: `--flag` on the command line, `--udc-flag` in pytest.

    `field` is the field of `udckit.conformance.Options` that it fills; `config`, `report_dir`
    and `signing_key` are paths. `many` options may be repeated; those of type bool take no value.
    """

    flag: str
    field: str
    metavar: str
    help: str
    type: type[str] | type[int] | type[float] | type[bool] = str
    many: bool = False


OPTIONS: Final = (
    Option("launch", "launch", "COMMAND", "Start the droplet with this command."),
    Option("app", "app", "MODULE:ATTR", "Serve this ASGI app of the current folder."),
    Option("attached", "attached", "", "Watch one started against `udckit fakes up`.", bool),
    Option("role", "role", "ROLE", "droplet (the default), registry or orchestrator."),
    Option("stages", "stages", "S,S", "shape, security, integration, resilience.", many=True),
    Option("only", "only", "ID", "Judge this requirement, and what it needs.", many=True),
    Option("safety", "safety", "LEVEL", "read-only, additive or disruptive."),
    Option("registry", "registry", "URL", "The Registry whose tokens the target trusts."),
    Option("token", "token", "TOKEN", "A token that the target accepts; else UDCKIT_TOKEN."),
    Option("signing-key", "signing_key", "FILE", "The private key that signs the tokens, in PEM."),
    Option("has", "has", "CAP", "Declare a capability, such as peers.", many=True),
    Option("trigger", "trigger", "'GET /x'", "A request that makes it call a peer.", many=True),
    Option("header", "headers", "'N: V'", "Send this header with every request.", many=True),
    Option("base-path", "base_path", "PATH", "Where the contract's paths begin."),
    Option("rate", "rate", "N", "Requests per second; no limit on loopback.", float),
    Option("ca", "ca_file", "FILE", "Trust the certificates of this authority."),
    Option("max-time", "max_time", "SECONDS", "Ask nothing more after this long (300).", float),
    Option("health-budget", "health_budget", "SECONDS", "What /health may take (0.1).", float),
    Option("speed", "speed", "N", "Let a launched target's clock run N times as fast.", float),
    Option("real-time", "real_time", "", "Play scenarios at the machine's own speed.", bool),
    Option("config", "config", "FILE", "Read this instead of udckit.toml."),
    Option("report-dir", "report_dir", "DIR", "Where run.jsonl goes (udckit-report)."),
    Option(
        "effort", "effort", "WORD", "Generated tests: none, quick (the default), standard, deep."
    ),
    Option("seed", "seed", "N", "The seed of what is generated (0).", int),
)
