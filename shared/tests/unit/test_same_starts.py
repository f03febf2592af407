"""What a test run remembers between starts belongs to the code, never to one application."""

from collections.abc import Callable

import pytest
from sanic.router import Router
from sanic_routing.exceptions import NotFound


def routed(path: str, handler: Callable[[], None]) -> Router:
    router = Router()
    router.add(path, ["GET"], handler)
    router.finalize()
    return router


def first() -> None: ...


def second() -> None: ...


def test_routers_of_the_same_paths_find_their_own_handlers() -> None:
    one, other = routed("/tasks/<number:int>", first), routed("/tasks/<number:int>", second)

    assert [router.resolve("/tasks/7", method="GET")[1:] for router in (one, other)] == [
        (first, {"number": 7}),
        (second, {"number": 7}),
    ]


def test_a_router_knows_no_path_of_another() -> None:
    routed("/tasks/<number:int>", first)

    with pytest.raises(NotFound):
        routed("/files/<number:int>", first).resolve("/tasks/7", method="GET")
