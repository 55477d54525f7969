"""What a CI server says of the run: which commit, which branch, where its log is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Ci", "ci_of"]


@dataclass(frozen=True, slots=True)
class Ci:
    """What is known; `here` is False on somebody's desk."""

    here: bool
    commit: str | None = None
    branch: str | None = None
    build_url: str | None = None


def ci_of(environ: Mapping[str, str]) -> Ci:
    """Read what GitHub Actions, GitLab, Jenkins, or any other that sets CI, says."""
    get = environ.get
    if get("GITHUB_ACTIONS") == "true":
        repository = f"{get('GITHUB_SERVER_URL')}/{get('GITHUB_REPOSITORY')}"
        return Ci(
            here=True,
            commit=get("GITHUB_SHA"),
            branch=get("GITHUB_HEAD_REF") or get("GITHUB_REF_NAME"),
            build_url=f"{repository}/actions/runs/{get('GITHUB_RUN_ID')}",
        )
    if get("GITLAB_CI"):
        return Ci(
            here=True,
            commit=get("CI_COMMIT_SHA"),
            branch=get("CI_COMMIT_REF_NAME"),
            build_url=get("CI_JOB_URL"),
        )
    if get("JENKINS_URL"):
        branch = get("BRANCH_NAME") or get("GIT_BRANCH")
        return Ci(here=True, commit=get("GIT_COMMIT"), branch=branch, build_url=get("BUILD_URL"))
    return Ci(here=get("CI", "").lower() in {"true", "1", "yes"})
