"""What an API key may do: `<resource>:read` and `<resource>:write`, neither of which contains the other.

`*` stands for every resource.
"""

RESOURCES = (
    "users",
    "projects",
    "files",
    "tasks",
    "comments",
    "sessions",
    "gifting",
    "conversations",
    "chats",
    "notifications",
    "settings",
    "webhooks",
)
EVERY_RESOURCE = "*"
SOME_RESOURCE = "some"
"""Stands at an address whose resource is found out later: a key needs the right for any one to get that far."""
ANY_KEY = "any"
"""Stands at an address that changes nothing by itself: every key may use it, whatever its scopes."""

SCOPES = tuple(f"{name}:{right}" for name in (*RESOURCES, EVERY_RESOURCE) for right in ("read", "write"))
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def permits(scopes: tuple[str, ...] | None, resource: str | None, method: str) -> bool:
    """`scopes` of None are a person's, who has all that their role allows; a `resource` of None is closed to keys."""
    if scopes is None:
        return True
    if resource is None:
        return False
    if resource == ANY_KEY:
        return True
    if resource == SOME_RESOURCE:
        right = _right(method)
        return any(scope.endswith(f":{right}") for scope in scopes)
    return required_scope(resource, method) in scopes or required_scope(EVERY_RESOURCE, method) in scopes


def required_scope(resource: str, method: str) -> str:
    return f"{resource}:{_right(method)}"


def _right(method: str) -> str:
    return "read" if method in _READS else "write"


def checked_resource(name: str | None) -> str | None:
    """For whoever declares addresses. Raises ValueError for a resource no key could be given a scope of."""
    if name not in (None, EVERY_RESOURCE, SOME_RESOURCE, ANY_KEY, *RESOURCES):
        raise ValueError(f"there is no resource called {name}")
    return name
