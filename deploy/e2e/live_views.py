"""What REST shows of each live topic, as the things that a `LiveState` keeps."""

from collections.abc import Awaitable, Callable, Mapping

from deploy.api_client import ApiClient
from shared.events.topics import Topic, parse_topic
from shared.testing.live_state import LiveState, Thing, Things

AUTHOR: Mapping[str, str] = {"author": "`author_id` with a name, which changes as the member's, told on tenant:{id}"}
NOT_TOLD: Mapping[str, Mapping[str, str]] = {
    "project": dict.fromkeys(("my_role", "is_favorite"), "each viewer's own")
    | {"tags": "told as tags", "counts": "of tasks and members, each told on its topic"},
    "member": dict.fromkeys(("display_name", "email"), "the user's, told on tenant:{id}"),
    "comment": {"is_starred": "each viewer's own", **AUTHOR},
    "chat_message": AUTHOR,
    "version": AUTHOR,
    "list": {"items": "told as items"},
    "person": dict.fromkeys(("history", "relationships"), "made of items, lists and occasions"),
    "occasion": {"next_date": "made of the date, the recurrence and today"},
    "chat": {"participant_ids": "told as participants"}
    | dict.fromkeys(("my_role", "last_read_number", "unread_count"), "each viewer's own, as a participant"),
    "participant": {"display_name": "the user's, told on tenant:{id}"}
    | dict.fromkeys(("id", "chat_id", "joined_at"), "stays as it is; nobody is called by this id")
    | {"role": "read again when somebody leaves: the one who has been there longest may own the chat then"},
    "user": dict.fromkeys(("preferences", "last_login_at", "is_platform_admin"), "nobody else's business")
    | dict.fromkeys(("tier", "subscription_status", "subscription_id", "renews_at", "ends_at"), "the tenant's"),
}
"""Fields that no event carries, and why nobody misses them."""

PARTLY_TOLD = {"gift"}
"""A gift is told of on the lists that it is on: what was put on a list meanwhile is read when it is shown."""

_UNTOLD: Mapping[str, Thing] = {"inbox": {"unread_count": 0}}
"""What is so before anything is told of it."""


def _shown(things: Things) -> Things:
    """Without what is not told."""
    return {
        kind: {key: _without(thing, NOT_TOLD.get(kind, {})) for key, thing in found.items()}
        for kind, found in things.items()
    }


def differences(state: LiveState, fetched: Things, topic: str) -> list[str]:
    """Field by field; empty where the state is what REST shows."""
    kept, read = _shown(_of_topic(state.things, topic)), _shown(fetched)
    found = []
    for kind, things in read.items():
        keys = kept.get(kind, {}).keys() | things.keys()
        if kind in PARTLY_TOLD:
            keys = kept.get(kind, {}).keys() & things.keys()
        for key in sorted(keys):
            live, stored = kept.get(kind, {}).get(key, _UNTOLD.get(kind)), things.get(key)
            found += [f"{topic} {kind} {key} {each}" for each in _unequal(live, stored)]
    return found


def _unequal(live: Thing | None, stored: Thing | None) -> list[str]:
    """An event may say more than REST shows."""
    if live is None or stored is None:
        return [f"is {'gone' if live is None else 'there'} live, and {'gone' if stored is None else 'there'} by REST"]
    return [
        f"{name}: live {live.get(name)!r}, REST {stored[name]!r}"
        for name in stored
        if name not in live or live[name] != stored[name]
    ]


def _without(thing: Thing, names: Mapping[str, str]) -> Thing:
    return {name: value for name, value in thing.items() if name not in names}


def _of_topic(things: Things, name: str) -> Things:
    """What has moved elsewhere is still told where it was, and says so itself."""
    topic = parse_topic(name)
    assert topic is not None
    stays: dict[str, Callable[[Thing], bool]] = {}
    if topic.kind == "occasion":
        stays = {"list": lambda each: each["occasion_id"] == topic.rest}
    elif topic.kind == "person":
        stays = {"occasion": lambda each: topic.rest in each["person_ids"]}
    return {
        kind: {key: thing for key, thing in found.items() if kind not in stays or stays[kind](thing)}
        for kind, found in things.items()
    }


async def read_topic(client: ApiClient, name: str) -> Things:
    topic = parse_topic(name)
    assert topic is not None
    return await _READERS[topic.kind](client, topic)


async def every(client: ApiClient, path: str, key: str = "id") -> dict[str, Thing]:
    """All pages of a list."""
    found: dict[str, Thing] = {}
    cursor = ""
    while True:
        sign = "&" if "?" in path else "?"
        page = (await client.expect(200, "GET", f"{path}{sign}page_size=100{cursor}")).body
        found |= {str(each[key]): each for each in page["items"]}
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def one(client: ApiClient, path: str) -> dict[str, Thing]:
    thing = (await client.expect(200, "GET", path)).data
    return {str(thing["id"]): thing}


async def _project(client: ApiClient, topic: Topic) -> Things:
    path = f"/projects/{topic.rest}"
    return {
        "project": await one(client, path),
        "member": await every(client, f"{path}/team"),
        "tag": await every(client, f"{path}/tags"),
    }


async def _tasks(client: ApiClient, topic: Topic) -> Things:
    path = f"/projects/{topic.rest}/tasks"
    return {"task": await every(client, path), "label": await every(client, f"{path}/labels")}


async def _files(client: ApiClient, topic: Topic) -> Things:
    path = f"/projects/{topic.rest}"
    return {"file": await every(client, f"{path}/files"), "version": await every(client, f"{path}/versions")}


async def _comments(client: ApiClient, topic: Topic) -> Things:
    """Of things outside of projects; those in a project are listed there."""
    entity_type, _, entity_id = topic.rest.partition(":")
    about = f"comments?entity_type={entity_type}&entity_id={entity_id}"
    if entity_type != "project":
        return {"comment": await every(client, f"/{about}")}
    return {"comment": await every(client, f"/projects/{entity_id}/{about}")}


async def _list(client: ApiClient, topic: Topic) -> Things:
    items = await every(client, f"/lists/{topic.rest}/items")
    gifts: dict[str, Thing] = {}
    for gift_id in {item["gift_id"] for item in items.values() if item["gift_id"]}:
        gifts |= await one(client, f"/gifts/{gift_id}")
    return {"list": await one(client, f"/lists/{topic.rest}"), "list_item": items, "gift": gifts}


async def _list_items(client: ApiClient, _topic: Topic) -> Things:
    items: dict[str, Thing] = {}
    for list_id in await _lists_of_all(client, ""):
        items |= await every(client, f"/lists/{list_id}/items")
    return {"list_item": items}


async def _occasion(client: ApiClient, topic: Topic) -> Things:
    return {
        "occasion": await one(client, f"/occasions/{topic.rest}"),
        "list": await _lists_of_all(client, f"?occasion_id={topic.rest}"),
    }


async def _person(client: ApiClient, topic: Topic) -> Things:
    return {
        "person": await one(client, f"/persons/{topic.rest}"),
        "list": await _lists_of_all(client, f"?person_id={topic.rest}"),
        "occasion": await every(client, f"/occasions?person_id={topic.rest}"),
    }


async def _lists_of_all(client: ApiClient, query: str) -> dict[str, Thing]:
    """Private ones are told nowhere but on their own topics."""
    found = await every(client, f"/lists{query}")
    return {key: each for key, each in found.items() if each["visibility"] == "tenant"}


async def _conversation(client: ApiClient, topic: Topic) -> Things:
    path = f"/conversations/{topic.rest}"
    return {"conversation": await one(client, path), "message": await every(client, f"{path}/messages")}


async def _chat(client: ApiClient, topic: Topic) -> Things:
    path = f"/chats/{topic.rest}"
    return {
        "chat": await one(client, path),
        "chat_message": await every(client, f"{path}/messages"),
        "participant": await every(client, f"{path}/participants", "user_id"),
    }


async def _user(client: ApiClient, topic: Topic) -> Things:
    categories = (await client.expect(200, "GET", "/settings")).data
    inbox = (await client.expect(200, "GET", "/notifications?page_size=1")).body["meta"]
    return {
        "user": await one(client, "/users/me"),
        "setting": {f"{name}.{key}": {"value": it} for name, keys in categories.items() for key, it in keys.items()},
        "notification": await every(client, "/notifications"),
        "inbox": {topic.rest: inbox},
    }


async def _tenant(client: ApiClient, _topic: Topic) -> Things:
    return {"tenant": await one(client, "/tenants/current"), "user": await every(client, "/users")}


_READERS: Mapping[str, Callable[[ApiClient, Topic], Awaitable[Things]]] = {
    "project": _project,
    "tasks": _tasks,
    "files": _files,
    "comments": _comments,
    "list": _list,
    "list-items": _list_items,
    "occasion": _occasion,
    "person": _person,
    "conversation": _conversation,
    "chat": _chat,
    "user": _user,
    "tenant": _tenant,
}
