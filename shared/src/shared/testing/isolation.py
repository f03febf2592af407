"""What a table of a service's operations needs: all of them, and whether two answers can be told apart."""

from collections.abc import Sequence
from typing import Any

from shared.http.routes import Routes
from shared.principal import Principal
from shared.testing.service_client import Answer, ServiceClient


def operations_of(groups: Sequence[Routes]) -> list[tuple[str, str]]:
    """Method and path of each."""
    return [(operation.method, operation.path) for group in groups for operation in group.operations]


async def answered_alike(
    client: ServiceClient, method: str, paths: Sequence[str], body: Any, *, who: Principal
) -> Answer:
    """The answer of the first path; fails when another path's differs in more than the trace."""
    answers = [await client.send(method, path, body, who=who) for path in paths]
    for path, answer in zip(paths, answers, strict=True):
        assert answer.without_trace == answers[0].without_trace, path
    return answers[0]
