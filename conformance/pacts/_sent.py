"""What goes to a broker, and what comes from it, as values."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from udckit.conformance.pacts._document import PactFile

__all__ = ["Brokered", "Publication", "Result", "bodies_of"]


@dataclass(frozen=True, slots=True)
class Publication:
    """All that one version of a consumer needs, to be published at once or not at all."""

    consumer: str
    version: str
    branch: str | None
    build_url: str | None
    pacts: tuple[PactFile, ...]

    def as_json(self) -> dict[str, Any]:
        """Give the body of POST /contracts/publish."""
        facts = {"branch": self.branch, "buildUrl": self.build_url}
        return {
            "pacticipantName": self.consumer,
            "pacticipantVersionNumber": self.version,
            **{name: value for name, value in facts.items() if value},
            "contracts": [
                {
                    "consumerName": pact.consumer,
                    "providerName": pact.provider,
                    "specification": "pact",
                    "contentType": "application/json",
                    "content": base64.b64encode(json.dumps(pact.raw).encode()).decode(),
                    "onConflict": "overwrite",
                }
                for pact in self.pacts
            ],
        }


@dataclass(frozen=True, slots=True)
class Brokered:
    """A pact as the broker has it, and where results about it go."""

    pact: PactFile
    results_at: str


@dataclass(frozen=True, slots=True)
class Result:
    """What the verification of one pact came to."""

    about: Brokered
    success: bool
    tests: tuple[Mapping[str, Any], ...] = ()


def bodies_of(
    results: Sequence[Result], version: str, build_url: str | None, kit: str
) -> list[dict[str, Any]]:
    """Give what is sent for each result, and where to."""
    return [
        {
            "to": one.about.results_at,
            "body": {
                "success": one.success,
                "providerApplicationVersion": version,
                **({"buildUrl": build_url} if build_url else {}),
                "testResults": list(one.tests),
                "verifiedBy": {"implementation": "udckit", "version": kit},
            },
        }
        for one in results
    ]
