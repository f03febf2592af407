"""Idempotency-Key: the answer of a write is stored in the write's own transaction and given again to a repeat.

The HTTP layer opens a scope around a POST; the unit of work claims the key when it begins and stores
the rendered answer when it ends. Neither the use case nor the repository knows of it.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple
from uuid import UUID

from shared.sealing import Seal

MAX_KEY_LENGTH = 255


class StoredAnswer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class IdempotencyScope:
    """One keyed request. `render` turns the use case's result into the bytes that will be answered.

    With a seal the body rests unreadable: it holds a secret.
    """

    def __init__(
        self,
        user_id: UUID,
        key: str,
        fingerprint: bytes,
        render: Callable[[Any], StoredAnswer],
        seal: Seal | None = None,
    ) -> None:
        self.user_id = user_id
        self.key = key
        self.fingerprint = fingerprint
        self.is_claimed = False
        self._render = render
        self._seal = seal

    def kept(self, value: Any) -> StoredAnswer:
        """What is stored of the result `value`."""
        answer = self._render(value)
        return answer if self._seal is None else answer._replace(body=self._seal.close(answer.body, self._place))

    def opened(self, stored: StoredAnswer) -> StoredAnswer:
        """Raises SealError when it was sealed under another secret."""
        return stored if self._seal is None else stored._replace(body=self._seal.open(stored.body, self._place))

    @property
    def _place(self) -> str:
        return f"{self.user_id} {self.key}"


class ReplayAnswer(Exception):
    def __init__(self, answer: StoredAnswer) -> None:
        super().__init__("answered before")
        self.answer = answer


current_scope: ContextVar[IdempotencyScope | None] = ContextVar("idempotency_scope", default=None)


@contextmanager
def beside_the_write() -> Iterator[None]:
    """For transactions before the write of a request: the write itself claims its key, and they do not."""
    token = current_scope.set(None)
    try:
        yield
    finally:
        current_scope.reset(token)


def fingerprint_body(digest: bytes) -> None:
    """For handlers that stream their body: says what it was, before the unit of work claims the request's key."""
    scope = current_scope.get()
    if scope is not None:
        scope.fingerprint = hashlib.sha256(scope.fingerprint + digest).digest()
