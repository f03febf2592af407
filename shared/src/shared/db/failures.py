"""What went wrong in the database: driver, ORM and operating system errors, classified in one place.

Three libraries report the same failure in different types; nothing outside this module looks at them.
"""

import asyncio
import functools
import random
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import NamedTuple, NoReturn, ParamSpec, TypeVar

import asyncpg
from tortoise.exceptions import BaseORMException, DBConnectionError, IntegrityError

from shared.errors import BadRequest, TesseraError, Unavailable

P = ParamSpec("P")
R = TypeVar("R")

DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    BaseORMException,
    OSError,
    TimeoutError,
)
"""Everything a call into the driver or the ORM may raise because of the database."""

FIRST_RETRY_SECONDS = 0.02


class FailureKind(StrEnum):
    UNIQUE = "unique"
    FOREIGN_KEY = "foreign_key"
    CHECK = "check"
    NOT_NULL = "not_null"
    EXCLUSION = "exclusion"
    SERIALIZATION = "serialization"
    DEADLOCK = "deadlock"
    LOCK_TIMEOUT = "lock_timeout"
    CANCELLED = "cancelled"
    CONNECTION = "connection"
    TIMEOUT = "timeout"
    RESOURCES = "resources"
    OTHER = "other"


_KIND_OF_STATE = {
    "23505": FailureKind.UNIQUE,
    "23503": FailureKind.FOREIGN_KEY,
    "23001": FailureKind.FOREIGN_KEY,
    "23514": FailureKind.CHECK,
    "23502": FailureKind.NOT_NULL,
    "23P01": FailureKind.EXCLUSION,
    "40001": FailureKind.SERIALIZATION,
    "40P01": FailureKind.DEADLOCK,
    "55P03": FailureKind.LOCK_TIMEOUT,
    "57014": FailureKind.CANCELLED,
    "25P03": FailureKind.CONNECTION,  # idle in transaction for too long: the server hung up
    "25P04": FailureKind.CONNECTION,
    "25006": FailureKind.CONNECTION,  # read-only: we still talk to the old primary after a failover
}
_KIND_OF_CLASS = {"08": FailureKind.CONNECTION, "57": FailureKind.CONNECTION, "53": FailureKind.RESOURCES}
_LOST_CONNECTION_WORDS = ("closed", "closing", "released back to the pool")
_TRANSIENT = {FailureKind.SERIALIZATION, FailureKind.DEADLOCK}
_UNAVAILABLE = {
    FailureKind.CONNECTION,
    FailureKind.TIMEOUT,
    FailureKind.RESOURCES,
    FailureKind.CANCELLED,
    FailureKind.LOCK_TIMEOUT,
}


class Failure(NamedTuple):
    """`is_transient`: the same work, begun anew, can succeed at once."""

    kind: FailureKind
    constraint: str | None = None

    @property
    def is_transient(self) -> bool:
        return self.kind in _TRANSIENT


class DatabaseUnavailable(Unavailable):
    """The database did not answer. The outcome of a commit in progress is unknown."""


class TransactionConflict(Unavailable):
    """Chosen as the victim of a deadlock or serialization conflict: nothing happened, begin anew."""


class ConstraintViolation(IntegrityError):
    """A rule of the schema refused the statement; `constraint` is its name. The transaction is over."""

    def __init__(self, constraint: str | None) -> None:
        super().__init__(f"violates {constraint}")
        self.constraint = constraint


class UniqueViolation(ConstraintViolation):
    pass


class ForeignKeyViolation(ConstraintViolation):
    pass


class CheckViolation(ConstraintViolation):
    pass


class NotNullViolation(ConstraintViolation):
    """`constraint` is the name of the column."""


class ExclusionViolation(ConstraintViolation):
    pass


_VIOLATIONS: dict[FailureKind, type[ConstraintViolation]] = {
    FailureKind.UNIQUE: UniqueViolation,
    FailureKind.FOREIGN_KEY: ForeignKeyViolation,
    FailureKind.CHECK: CheckViolation,
    FailureKind.NOT_NULL: NotNullViolation,
    FailureKind.EXCLUSION: ExclusionViolation,
}


def classify(error: BaseException) -> Failure:
    if isinstance(error, BaseORMException) and isinstance(error.__cause__, asyncpg.PostgresError):
        return classify(error.__cause__)
    if isinstance(error, asyncpg.PostgresError):
        return _classify_state(error)
    if isinstance(error, TimeoutError):
        return Failure(FailureKind.TIMEOUT)
    if isinstance(error, OSError | asyncpg.InternalClientError | DBConnectionError):
        return Failure(FailureKind.CONNECTION)
    if isinstance(error, asyncpg.InterfaceError) and any(word in str(error) for word in _LOST_CONNECTION_WORDS):
        return Failure(FailureKind.CONNECTION)
    return Failure(FailureKind.OTHER)


def _classify_state(error: asyncpg.PostgresError) -> Failure:
    state: str = error.sqlstate or ""
    kind = _KIND_OF_STATE.get(state) or _KIND_OF_CLASS.get(state[:2], FailureKind.OTHER)
    constraint = getattr(error, "constraint_name", None) or getattr(error, "column_name", None)
    return Failure(kind, constraint)


def raise_as_fact(error: Exception) -> NoReturn:
    """Raises what the caller may act on (a violation, a conflict, 400, 503); a bug in a statement stays what it was."""
    if isinstance(error, TesseraError | ConstraintViolation):
        raise error
    failure = classify(error)
    if failure.kind in _VIOLATIONS:
        raise _VIOLATIONS[failure.kind](failure.constraint) from error
    if failure.is_transient:
        raise TransactionConflict from error
    if failure.kind in _UNAVAILABLE:
        raise DatabaseUnavailable from error
    if isinstance(error, asyncpg.DataError) and isinstance(error.__cause__, OverflowError):
        raise BadRequest("A number or a moment is outside of what can be stored.") from error
    raise error


def retry_transient(attempts: int = 3) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """For a whole use case: begins it anew, after a short random pause, when it lost a deadlock."""

    def decorate(use_case: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        @functools.wraps(use_case)
        async def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
            for number in range(attempts - 1):
                try:
                    return await use_case(*args, **kwargs)
                except TransactionConflict:
                    await asyncio.sleep(random.uniform(0, FIRST_RETRY_SECONDS * 2**number))  # noqa: S311 - jitter
            return await use_case(*args, **kwargs)

        return attempt

    return decorate
