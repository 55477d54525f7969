"""Droplets by the dozen: each user registers, beats, looks up peers and posts tasks.

It sizes a real Registry and Orchestrator as well as the fakes:

    REGISTRY_URL=http://registry:8000 ORCHESTRATOR_URL=http://orchestrator:8001 locust

UDCKIT_LOAD_TASK is the task type that is posted (`udckit-load`), UDCKIT_LOAD_REQUESTS ends the run
after so many requests, UDCKIT_LOAD_PAUSE is the longest pause of a user in seconds (0). What it
leaves behind at a real Registry are services whose names begin with `udckit-load-`.
"""

import os
import random
from typing import Any

import gevent
from locust import FastHttpUser, between, events, run_single_user, task
from locust.runners import MasterRunner, WorkerRunner

REGISTRY = os.environ.get("REGISTRY_URL", "http://registry:8000").rstrip("/")
ORCHESTRATOR = os.environ.get("ORCHESTRATOR_URL", "http://orchestrator:8001").rstrip("/")
TASK_TYPE = os.environ.get("UDCKIT_LOAD_TASK", "udckit-load")
REQUESTS = int(os.environ.get("UDCKIT_LOAD_REQUESTS", "0"))
PAUSE = float(os.environ.get("UDCKIT_LOAD_PAUSE", "0"))
PEERS = 50
"""Of how many names a user looks one up; small, so that most are there."""


class Droplet(FastHttpUser):
    """One droplet, as far as the Registry and the Orchestrator see it."""

    host = REGISTRY
    wait_time = between(0, PAUSE)

    def on_start(self) -> None:
        """Register, and keep the token."""
        number = random.randrange(10**9)  # noqa: S311 - no secret in it
        self.name = f"udckit-load-{number % PEERS if number % 3 == 0 else number}"
        self.droplet_id = 10_000 + number % PEERS if number % 3 == 0 else number + 20_000
        self.tasks_posted: list[str] = []
        self.headers: dict[str, str] = {}
        self.service_id = 0
        self.register()

    @task(2)
    def register(self) -> None:
        """A restart: the same droplet again."""
        body = {
            "name": self.name,
            "droplet_id": self.droplet_id,
            "port": 8010,
            "health_endpoint": "/health",
            "capabilities": ["udckit-load-caller"],
            "version": "1.0.0",
            "udc_compliant": True,
        }
        with self.client.post(
            f"{REGISTRY}/register", json=body, name="POST /register", catch_response=True
        ) as answer:
            if answer.status_code != 201:  # noqa: PLR2004 - anything else is a failure (IG §2.1)
                answer.failure(f"status {answer.status_code}")
                return
            given: dict[str, Any] = answer.json()
            self.headers = {"Authorization": f"Bearer {given['token']}"}
            self.service_id = given["service_id"]

    @task(10)
    def beat(self) -> None:
        """Say that it lives."""
        body = {
            "service_id": self.service_id,
            "service_name": self.name,
            "status": "active",
            "metrics": {"requests_per_minute": 12.5, "error_rate": 0.0},
        }
        self.client.post(
            f"{ORCHESTRATOR}/heartbeat", json=body, headers=self.headers, name="POST /heartbeat"
        )

    @task(10)
    def look_up(self) -> None:
        """Ask where a peer is; nobody of that name is an answer too."""
        peer = f"udckit-load-{random.randrange(PEERS)}"  # noqa: S311 - no secret in it
        with self.client.get(
            f"{REGISTRY}/services/by-name/{peer}",
            headers=self.headers,
            name="GET /services/by-name/{name}",
            catch_response=True,
        ) as answer:
            if answer.status_code in {200, 404}:
                answer.success()
            else:
                answer.failure(f"status {answer.status_code}")

    @task(4)
    def post_task(self) -> None:
        """Give work away."""
        body = {"task_type": TASK_TYPE, "data": {"n": len(self.tasks_posted)}, "priority": "normal"}
        with self.client.post(
            f"{ORCHESTRATOR}/tasks",
            json=body,
            headers=self.headers,
            name="POST /tasks",
            catch_response=True,
        ) as answer:
            if answer.status_code not in {200, 201, 202}:
                answer.failure(f"status {answer.status_code}")
                return
            self.tasks_posted.append(answer.json()["task_id"])

    @task(4)
    def look_after_a_task(self) -> None:
        """See how one of them stands."""
        if self.tasks_posted:
            task_id = random.choice(self.tasks_posted)  # noqa: S311 - no secret in it
            self.client.get(
                f"{ORCHESTRATOR}/tasks/{task_id}", headers=self.headers, name="GET /tasks/{task_id}"
            )


@events.init.add_listener
def _end_in_time(environment: Any, **_: Any) -> None:
    """End the whole run once enough requests were made."""
    runner = environment.runner
    if REQUESTS and not isinstance(runner, WorkerRunner):
        gevent.spawn(_watch, runner, isinstance(runner, MasterRunner))


def _watch(runner: Any, is_master: bool) -> None:
    del is_master
    while runner.stats.total.num_requests < REQUESTS:
        gevent.sleep(0.2)
    runner.quit()


if __name__ == "__main__":
    run_single_user(Droplet)
