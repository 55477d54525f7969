"""Load the fakes: locust with a master and two workers on loopback, 50,000 requests.

What it asks afterwards: no error, every request in the journals' count, every task still known,
and memory that does not grow with the number of requests.
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

REQUESTS = int(os.environ.get("LOAD_REQUESTS", "50000"))
USERS = 40
BIN = Path(sys.executable).parent
LOCUSTFILE = Path(__file__).with_name("locustfile.py")
OK = 200


def main() -> int:
    """Load, account, print; exit 1 where something was lost."""
    fakes = subprocess.Popen(
        [BIN / "udckit", "fakes", "up"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        urls = _urls(fakes)
        before = _memory(fakes.pid)
        started = time.monotonic()
        answered, tasks, failures = _swarm(urls)
        rate = answered / (time.monotonic() - started)
        _say("requests per second, locust on the same cores", f"{rate:.0f}")
        _say("memory of the fakes, before and after", f"{before:.0f}, {_memory(fakes.pid):.0f} MB")
        return _account(urls, answered, tasks, failures)
    finally:
        fakes.terminate()
        fakes.wait(10)


def _urls(fakes: "subprocess.Popen[str]") -> dict[str, str]:
    assert fakes.stdout is not None
    told = [fakes.stdout.readline() for _ in range(2)]
    return dict(re.findall(r"export (\w+)=(\S+)", "".join(told)))


def _swarm(urls: dict[str, str]) -> tuple[int, list[str], int]:
    """Run locust to its end; give the answers that the workers counted, their tasks, failures."""
    with TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            **urls,
            "LOAD_REQUESTS": str(REQUESTS),
            "LOAD_NOTES": folder,
        }
        port = _port()
        locust = [str(BIN / "locust"), "-f", str(LOCUSTFILE), "--loglevel", "ERROR"]
        addresses = ["--master-bind-host", "127.0.0.1", "--master-bind-port", port]
        swarm = ["--headless", "-u", str(USERS), "-r", str(USERS), "--run-time", "300s"]
        results = f"{folder}/load"
        ask = [*locust, "--master", *addresses, "--expect-workers", "2", *swarm, "--csv", results]
        worker = [*locust, "--worker", "--master-port", port]
        quiet = subprocess.DEVNULL
        workers = [subprocess.Popen(worker, env=environment, stderr=quiet) for _ in range(2)]
        subprocess.run(ask, env=environment, stderr=quiet, stdout=quiet, check=False, timeout=400)
        for each in workers:
            each.wait(30)
        notes = [path.read_text().split("\n") for path in Path(folder).glob("*.txt")]
        failures = Path(f"{results}_failures.csv").read_text().count("\n") - 1
    answered = sum(int(note[0]) for note in notes)
    return answered, [task for note in notes for task in note[1:]], failures


def _port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        return str(holder.getsockname()[1])


def _account(urls: dict[str, str], answered: int, tasks: list[str], failures: int) -> int:
    registry, orchestrator = urls["REGISTRY_URL"], urls["ORCHESTRATOR_URL"]
    journals = [_control("GET", url, "journal?limit=1") for url in (registry, orchestrator)]
    token = _control("POST", registry, "mint", {"service_name": "udckit-load"})["token"]
    noted = sum(each["total"] for each in journals)
    own = sum(len(each["own_faults"]) for each in journals)
    lost = sum(_status(orchestrator, f"/tasks/{task}", token) != OK for task in tasks)
    _say("requests, as the workers counted them", f"{answered}")
    _say("kinds of failure", f"{failures}")
    _say("requests in the journals", f"{noted}")
    _say("older entries let go of, and said so", f"{sum(each['dropped'] for each in journals)}")
    _say("the fakes' own faults", f"{own}")
    _say("tasks given, tasks lost", f"{len(tasks)}, {lost}")
    # A request that was on its way when the swarm stopped is in a journal and in no count.
    whole = answered <= noted <= answered + USERS
    return 0 if whole and not (failures or own or lost) else 1


def _control(method: str, url: str, path: str, body: Any = None) -> dict[str, Any]:
    status, told = _ask(method, url, f"/__udckit__/{path}", body, {})
    assert status < 300, told  # noqa: PLR2004 - the 2xx
    return told


def _status(url: str, path: str, token: str) -> int:
    return _ask("GET", url, path, None, {"Authorization": f"Bearer {token}"})[0]


def _ask(
    method: str, url: str, path: str, body: Any, headers: dict[str, str]
) -> tuple[int, dict[str, Any]]:
    line = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    kind = {} if body is None else {"Content-Type": "application/json"}
    line.request(method, path, None if body is None else json.dumps(body), {**headers, **kind})
    answer = line.getresponse()
    told: dict[str, Any] = json.loads(answer.read())
    line.close()
    return answer.status, told


def _memory(pid: int) -> float:
    """Resident memory in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(re.finditer(r"VmRSS:\s+(\d+)", status)).group(1)) / 1024


def _say(what: str, figure: str) -> None:
    print(f"{what:<48}{figure:>16}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
