"""What a start works out from code alone, remembered: one test process starts the same few services thousands of times.

The frameworks compile the routes and look at the models anew for every application. Nothing here depends on a test.
"""

from functools import lru_cache
from types import CodeType
from typing import Any
from weakref import WeakKeyDictionary

from sanic_routing import route, router, utils
from tortoise.models import MetaInfo

_MOST_PATHS = 10_000  # all routes of all services are about a thousand


def remember_starts() -> None:
    """For the rest of the process."""
    _remember_parts()
    _remember_compiled_routes()
    _remember_filters()


def _remember_parts() -> None:
    remembering = lru_cache(_MOST_PATHS)(utils.path_to_parts)
    for module in (route, router):
        vars(module)["path_to_parts"] = remembering


@lru_cache(maxsize=200)
def _compiled(source: str) -> CodeType:
    return compile(source, "<routes>", "exec")


def _remember_compiled_routes() -> None:
    render = router.BaseRouter._render

    def render_and_find(self: Any, do_compile: bool = True, do_optimize: bool = False) -> None:
        render(self, do_compile=False)
        made: dict[str, Any] = {}
        exec(_compiled(self.find_route_src), vars(router), made)  # noqa: S102 - as the router does it
        self._find_route, self._matchers = made["find_route"], made.get("matchers")

    router.BaseRouter._render = render_and_find  # type: ignore[method-assign]


def _remember_filters() -> None:
    generate = MetaInfo._generate_filters
    generated_for: WeakKeyDictionary[type, type] = WeakKeyDictionary()

    def generate_once(self: MetaInfo) -> None:
        executor = self.db.executor_class
        if generated_for.get(self._model) is not executor:
            generate(self)
            generated_for[self._model] = executor

    MetaInfo._generate_filters = generate_once  # type: ignore[method-assign]
