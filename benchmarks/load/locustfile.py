"""A load of droplets: each user registers, beats, looks up its peers and posts tasks.

It sizes a real Registry and Orchestrator as well as the fakes:

    REGISTRY_URL=… ORCHESTRATOR_URL=… locust -f benchmarks/load/locustfile.py --headless -u 100

`LOAD_REQUESTS` ends the run after so many requests; into the folder `LOAD_NOTES` each worker writes
how many answers it got and which tasks it was given.
"""

import os
from itertools import count
from pathlib import Path
from typing import Any

from locust import HttpUser, constant, events, task
from locust.exception import StopUser

REGISTRY = os.environ["REGISTRY_URL"]
ORCHESTRATOR = os.environ["ORCHESTRATOR_URL"]
ENOUGH = int(os.environ.get("LOAD_REQUESTS", "0"))
TASK_TYPE = "udckit-load"

numbers = count(1)


class Droplet(HttpUser):
    """One droplet's calls, with the weights of a busy hour."""

    host = REGISTRY
    wait_time = constant(0)

    def on_start(self) -> None:
        """Register, and keep the token."""
        number = os.getpid() * 10_000 + next(numbers)
        self.name = f"udckit-load-{number}"
        answer = self.client.post(
            f"{REGISTRY}/register",
            json={
                "name": self.name,
                "droplet_id": number,
                "port": 8010,
                "health_endpoint": "/health",
                "capabilities": [],
                "version": "1.0.0",
                "udc_compliant": True,
            },
            name="register",
        )
        if answer.status_code != 201:  # noqa: PLR2004 - what a registration answers
            raise StopUser
        given = answer.json()
        self.service_id = given["service_id"]
        self.client.headers["Authorization"] = f"Bearer {given['token']}"

    @task(6)
    def beats(self) -> None:
        """Send a heartbeat."""
        self.client.post(
            f"{ORCHESTRATOR}/heartbeat",
            json={"service_id": self.service_id, "status": "active", "metrics": {"cpu": 1}},
            name="heartbeat",
        )

    @task(3)
    def looks_up_a_peer(self) -> None:
        """Find a service by its name."""
        self.client.get(f"{REGISTRY}/services/by-name/{self.name}", name="by-name")

    @task(1)
    def posts_a_task(self) -> None:
        """Hand work over, and ask for it once."""
        answer = self.client.post(
            f"{ORCHESTRATOR}/tasks", json={"task_type": TASK_TYPE, "data": {}}, name="tasks"
        )
        task_id = answer.json().get("task_id") if answer.ok else None
        if task_id:
            given_tasks.append(task_id)
            self.client.get(f"{ORCHESTRATOR}/tasks/{task_id}", name="task")


@events.worker_report.add_listener
def ends_when_enough(client_id: str, data: dict[str, Any]) -> None:  # noqa: ARG001 - locust's form
    """Stop the swarm once the workers have reported enough requests."""
    global reported  # noqa: PLW0603 - the master has one count
    reported += int(data["stats_total"]["num_requests"])
    if ENOUGH and reported >= ENOUGH and master is not None:
        master.quit()


@events.init.add_listener
def keeps_the_runner(environment: Any, **_: Any) -> None:
    """Remember the master's runner, which the listener above ends."""
    global master  # noqa: PLW0603 - there is one runner in a process
    master = environment.runner


@events.request.add_listener
def counts(**_: Any) -> None:
    """Count each answer in the process that got it."""
    global answered  # noqa: PLW0603 - a worker has one count
    answered += 1


@events.quit.add_listener
def notes(exit_code: int, **_: Any) -> None:  # noqa: ARG001 - locust's form
    """Write down what this worker knows for itself."""
    folder = os.environ.get("LOAD_NOTES")
    if folder and answered:
        told = "\n".join([str(answered), *given_tasks])
        (Path(folder) / f"{os.getpid()}.txt").write_text(told)


answered = 0
given_tasks: list[str] = []
reported = 0
master: Any = None
