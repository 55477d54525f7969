"""The check that many teams have: GET the five paths, and call whatever is there compliant.

A path is there where it gives a 2xx; /message, which takes POST, also where it gives 405.

Usage: five_paths.py URL TOKEN; one line for each path that is not there, exit code 1 if any.
"""

import http.client
import sys

PATHS = ("/health", "/capabilities", "/state", "/dependencies", "/message")


def main(url: str, token: str) -> int:
    """Ask, and say what is missing."""
    missing = []
    for path in PATHS:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            status = 0
        finally:
            connection.close()
        if status // 100 != 2 and not (path == "/message" and status == 405):  # noqa: PLR2004 - HTTP
            missing.append(f"! {path} {status}")
    print("\n".join(missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
