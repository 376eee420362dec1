"""Errors as the platform answers them: `{"error_code": …, "message": …}` with an HTTP status.

The pairs of codes and statuses are those that the SDK maps to its exceptions (`databricks.sdk.errors.platform`).
"""

from __future__ import annotations

from typing import Any

_STATUS = {
    "BAD_REQUEST": 400,
    "DIRECTORY_NOT_EMPTY": 400,
    "INVALID_PARAMETER_VALUE": 400,
    "INVALID_STATE": 400,
    "MALFORMED_REQUEST": 400,
    "MAX_NOTEBOOK_SIZE_EXCEEDED": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "ENDPOINT_NOT_FOUND": 404,
    "FEATURE_DISABLED": 404,
    "NOT_FOUND": 404,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_ALREADY_EXISTS": 409,
    "RESOURCE_CONFLICT": 409,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "INTERNAL_ERROR": 500,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
}


class ApiError(Exception):
    """A request that is refused.

    Args:
        code: of the platform, see the table above.
        message: for people.
        status: where it is not the usual one of the code, such as 413.
    """

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.status = status or _STATUS[code]

    def body(self) -> dict[str, Any]:
        """The answer."""
        return {"error_code": self.code, "message": self.message}


def invalid(message: str) -> ApiError:
    """A parameter that is missing or makes no sense."""
    return ApiError("INVALID_PARAMETER_VALUE", message)


def missing(message: str) -> ApiError:
    """Something that does not exist."""
    return ApiError("RESOURCE_DOES_NOT_EXIST", message)


def taken(message: str) -> ApiError:
    """Something that exists already."""
    return ApiError("RESOURCE_ALREADY_EXISTS", message)


def conflict(message: str) -> ApiError:
    """A state in which the request cannot be carried out."""
    return ApiError("INVALID_STATE", message)
