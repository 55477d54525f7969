"""Logs as one JSON object a line, uvicorn's own lines included."""

import json
import logging
import sys
from datetime import UTC, datetime

# The access log stays off: it prints query strings, and a query string may hold a token that
# somebody sent to the wrong place. Tokens are never logged.
QUIET = ("uvicorn.access", "httpx", "httpcore")


class JsonLines(logging.Formatter):
    """One record, one line, whatever is in it."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def start_logging(service: str, level: str) -> None:
    """Take over the root logger and those that uvicorn set up before it imported us."""
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(JsonLines(service))
    root = logging.getLogger()
    root.handlers = [output]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(level)
    for name in QUIET:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = name != "uvicorn.access"
        logger.setLevel(logging.WARNING)
