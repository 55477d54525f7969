"""Errors in the form of UDC §4: {"error": {"code", "message", "details"}}, without the inside."""

import json
import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

# FastAPI's own form is {"detail": …}, which the guide's samples use too (CONF-16). Three handlers
# make the form of UDC §4 of it. FastAPI also echoes what was sent, and fails with a 500 where that
# is NaN or half a surrogate pair: here only the name of the member is repeated, in ASCII.

MOST_FIELDS, LONGEST_NAME = 10, 100

logger = logging.getLogger(__name__)


class Problem(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """Raise it anywhere in a request: it becomes the answer."""

    def __init__(
        self, status: int, code: str, message: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details


class ErrorFacts(BaseModel):
    code: str
    message: str
    details: dict[str, Any] | None = None


class ErrorBody(BaseModel):
    """The body of every answer that is no success."""

    error: ErrorFacts


class AsciiJSONResponse(JSONResponse):
    """JSON that any string survives."""

    def render(self, content: object) -> bytes:
        return json.dumps(content, allow_nan=False).encode("ascii")


def answer(problem: Problem) -> JSONResponse:
    error: dict[str, Any] = {"code": problem.code, "message": problem.message}
    if problem.details is not None:
        error["details"] = problem.details
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}
    return AsciiJSONResponse(
        {"error": error}, status_code=problem.status, headers=headers.get(problem.status)
    )


def internal_error() -> JSONResponse:
    return answer(Problem(500, "INTERNAL_ERROR", "Something went wrong on our side."))


def speak_in_form(app: FastAPI) -> None:
    """Give the application its error form."""

    @app.exception_handler(Problem)
    async def on_problem(_: Request, problem: Problem) -> JSONResponse:
        return answer(problem)

    @app.exception_handler(HTTPException)
    async def on_http(_: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        response = answer(Problem(status, status.name, f"{status.phrase}."))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        fields = {
            ".".join(map(str, each["loc"]))[:LONGEST_NAME]: each["msg"]
            for each in error.errors()[:MOST_FIELDS]
        }
        return answer(Problem(422, "VALIDATION_ERROR", "The request is not valid.", fields))
