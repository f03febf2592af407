"""What each change in gift planning tells live: to two clients who may know everything, and to the one who may not.

`python -m deploy.e2e.gift_frames` starts a stack and records the frames anew, after a reviewed change.
"""

import asyncio
import json
import re
import tempfile
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

from deploy.api_client import ApiClient, api_client
from deploy.e2e.joining import join
from deploy.e2e.live_listener import Frame, LiveListener, listening
from deploy.embedded.postgres_home import remove_data
from deploy.stack_process import EMBEDDED, StackProcess, stack_process

RECORDED = Path(__file__).with_name("gift_frames.json")

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


class Change(NamedTuple):
    """`operation` and `body` name things of the scene in braces; `about` tells rows of one operation apart.

    `comments_on` is a thing whose comments are followed, `begins` the kind of topic that the new thing has.
    """

    operation: str
    who: str
    body: dict[str, Any] | None = None
    about: str = ""
    comments_on: str = ""
    begins: str = ""

    @property
    def name(self) -> str:
        return f"{self.operation} {self.about}".rstrip()


def _comment(thing: str, kind: str) -> Change:
    body = {"entity_type": kind, "entity_id": f"{{{thing}}}", "body": "Shh"}
    return Change("POST /comments", "ben", body, about=f"({kind})", comments_on=f"{kind}:{{{thing}}}")


_ON_LIST = "list:{list_id}"

CHANGES = (
    Change("POST /persons", "olga", {"name": "Fay", "birthday": "2000-02-29"}, begins="person"),
    Change("PUT /persons/{person_id}", "olga", {"relationship": "niece"}),
    Change("PATCH /persons/{person_id}", "olga", {"notes": "Likes kites", "sizes": {"shoe": "38"}}),
    Change("DELETE /persons/{person_id}", "olga"),
    Change("POST /occasions", "olga", {"name": "Feast", "date": "2099-01-01"}, begins="occasion"),
    Change("PUT /occasions/{occasion_id}", "olga", {"budget": 5000}),
    Change("PATCH /occasions/{occasion_id}", "olga", {"person_ids": ["{ada_as_person}", "{person_id}"]}),
    Change("DELETE /occasions/{occasion_id}", "olga"),
    Change(
        "POST /lists", "ada", {"name": "Wishes", "person_id": "{ada_as_person}"}, about="(a wish list)", begins="list"
    ),
    Change(
        "POST /lists",
        "ben",
        {"name": "Ideas", "type": "ideas", "person_id": "{ada_as_person}", "occasion_id": "{occasion_id}"},
        about="(kept from the person)",
        begins="list",
    ),
    Change("PUT /lists/{list_id}", "ada", {"name": "All my wishes"}),
    Change("PATCH /lists/{list_id}", "olga", {"occasion_id": None}),
    Change("DELETE /lists/{list_id}", "ada"),
    Change("POST /lists/{list_id}/items", "ada", {"name": "A drum", "quantity": 2}, about="(a wish)"),
    Change("POST /lists/{list_id}/items", "ben", {"gift_id": "{gift_id}"}, about="(a surprise)"),
    Change("PUT /list-items/{list_item_id}", "ada", {"notes": "Blue"}),
    Change("PATCH /list-items/{list_item_id}", "ada", {"name": "Two kites", "quantity": 2}),
    Change("DELETE /list-items/{list_item_id}", "ada"),
    Change("PUT /list-items/{list_item_id}/status", "ben", {"status": "selected"}),
    Change("PUT /list-items/{list_item_id}/assign", "ben", {"user_id": "{cleo}", "share": 50}),
    Change("POST /gifts", "ben", {"name": "A book", "price": 900}),
    Change("PUT /gifts/{gift_id}", "ben", {"price": 1200}),
    Change("PATCH /gifts/{gift_id}", "ben", {"tags": ["toys"]}),
    Change("DELETE /gifts/{gift_id}", "ben"),
    _comment("list_id", "list"),
    _comment("list_item_id", "list_item"),
    _comment("gift_id", "gift"),
    _comment("occasion_id", "occasion"),
    _comment("ada_as_person", "person"),
    Change("PUT /comments/{comment_id}", "ben", {"body": "Shh!"}, comments_on=_ON_LIST),
    Change("PATCH /comments/{comment_id}", "ben", {"body": "Quiet"}, comments_on=_ON_LIST),
    Change("DELETE /comments/{comment_id}", "ben", comments_on=_ON_LIST),
)


class Heard(NamedTuple):
    """Frames as they came, and as they are recorded: with names and steps for ids, times and offsets."""

    ben: list[bytes]
    cleo: list[bytes]
    recorded: dict[str, list[Frame]]


class Household:
    def __init__(self, stack: StackProcess, people: dict[str, ApiClient], ada_as_person: str) -> None:
        self.people = people
        self._url = stack.live_url
        self._known = {name: who.user["id"] for name, who in people.items()} | {"ada_as_person": ada_as_person}

    async def hear(self, change: Change) -> Heard:
        """In a scene of its own: everything that it can be about is new."""
        scene = await self.scene()
        topics = ["list-items:all"]
        topics += [_filled(topic, scene) for topic in (_ON_LIST, "occasion:{occasion_id}", "person:{person_id}")]
        topics += [_filled("person:{ada_as_person}", scene)]
        topics += [_filled(f"comments:{change.comments_on}", scene)] if change.comments_on else []
        async with AsyncExitStack() as stack:
            hearing = {name: await self.listen(stack, name, topics) for name in ("ben", "cleo", "ada")}
            await self._do(change, scene, list(hearing.values()))
            told = {name: await one.until(await self.offsets(name, one)) for name, one in hearing.items()}
        names = {identifier: name for name, identifier in scene.items()}
        shown = {name: _shown(told[name], hearing[name].places, names) for name in hearing}
        return Heard(told["ben"], told["cleo"], {"everybody": shown["cleo"], "ada": shown["ada"]})

    async def scene(self) -> dict[str, str]:
        """A list with a wish of Ada's, and what Ben does behind her back."""
        scene = dict(self._known)
        about_list = {"entity_type": "list", "entity_id": "{list_id}", "body": "She has no idea"}
        of_list = {"name": "Wishes", "person_id": "{ada_as_person}", "occasion_id": "{occasion_id}"}
        for name, who, path, body in (
            ("person_id", "olga", "/persons", {"name": "Dora"}),
            ("occasion_id", "olga", "/occasions", {"name": "Party", "date": "2099-12-24", "person_ids": []}),
            ("list_id", "ada", "/lists", of_list),
            ("list_item_id", "ada", "/lists/{list_id}/items", {"name": "A kite"}),
            ("gift_id", "ben", "/gifts", {"name": "A puzzle"}),
            ("surprise", "ben", "/lists/{list_id}/items", {"gift_id": "{gift_id}"}),
            ("comment_id", "ben", "/comments", about_list),
        ):
            answer = await self.people[who].expect(201, "POST", _filled(path, scene), _filled(body, scene))
            scene[name] = answer.data["id"]
        return scene

    async def listen(self, stack: AsyncExitStack, name: str, topics: Iterable[str]) -> LiveListener:
        socket = await stack.enter_async_context(listening(self._url, self.people[name].access_token))
        return await socket.follow(*topics)

    async def offsets(self, name: str, listener: LiveListener) -> dict[str, int]:
        """Where the topics are that they follow, by what the keeper has stored; those that are gone are left out."""
        offsets = {}
        for topic, (epoch, offset) in listener.places.items():
            answer = await self.people[name].call("GET", f"/events?topic={topic}&after={epoch}:{offset}")
            if answer.status == 200:
                offsets[topic] = answer.body["offset"]
        return offsets

    async def _do(self, change: Change, scene: dict[str, str], hearing: list[LiveListener]) -> None:
        method, path = change.operation.split()
        answer = await self.people[change.who].call(method, _filled(path, scene), _filled(change.body, scene))
        assert answer.status in (200, 201, 204), (change.name, answer)
        if method == "POST":
            scene["new"] = answer.data["id"]
        if change.begins:
            for one in hearing:
                await one.follow_from_the_start(f"{change.begins}:{scene['new']}")


async def moved_in(stack: StackProcess, exits: AsyncExitStack) -> Household:
    """Olga owns the tenant; Ada is a person in it, Ben and Cleo are not."""
    clients = {name: await exits.enter_async_context(api_client(stack.url)) for name in ("olga", "ada", "ben", "cleo")}
    olga, mail = await clients["olga"].register("Olga"), Path(stack.environ["TESSERA_HOME"]) / "mail"
    for name in ("ada", "ben", "cleo"):
        await join(olga, clients[name], name, mail)
    return Household(stack, clients, await _linked(olga, clients["ada"]))


async def _linked(olga: ApiClient, ada: ApiClient) -> str:
    """Ada as a person, as soon as project-service knows that she is a member."""
    async with asyncio.timeout(15):
        while True:
            answer = await olga.call("POST", "/persons", {"name": "Ada", "user_id": ada.user["id"]})
            if answer.status == 201:
                return str(answer.data["id"])
            await asyncio.sleep(0.05)


def _filled(value: Any, scene: dict[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: scene[found[1]], value)
    if isinstance(value, list):
        return [_filled(one, scene) for one in value]
    if isinstance(value, dict):
        return {name: _filled(one, scene) for name, one in value.items()}
    return value


def _shown(raw: list[bytes], places: dict[str, tuple[str, int]], names: dict[str, str]) -> list[Frame]:
    """An event that is told in several topics once, with how many offsets further each of them is."""
    events: dict[str, Frame] = {}
    for frame in map(json.loads, raw):
        topic, offset = frame.pop("topic"), frame.pop("offset")
        events.setdefault(frame["id"], {"topics": {}, **frame})["topics"][topic] = offset - places[topic][1]
    text = _TIME.sub("a time", json.dumps(list(events.values())))
    shown: list[Frame] = json.loads(_UUID.sub(lambda found: names.get(found[0], "an id"), text))
    return shown


async def _record() -> None:
    with tempfile.TemporaryDirectory(prefix="tessera-frames-") as folder:
        async with (
            stack_process(EMBEDDED, Path(folder), {"RATE_LIMIT_SCALE": "1000"}) as stack,
            AsyncExitStack() as exits,
        ):
            home = await moved_in(stack, exits)
            frames = {change.name: (await home.hear(change)).recorded for change in CHANGES}
        remove_data(Path(folder) / "postgres")
    RECORDED.write_text(_lines(frames))


def _lines(frames: dict[str, dict[str, list[Frame]]]) -> str:
    """As JSON, with an event a line: a change of one is seen as one."""
    rows = (f"{json.dumps(name)}: {{{_joined(map(_audience, heard.items()))}}}" for name, heard in frames.items())
    return f"{{{_joined(rows)}}}\n"


def _audience(heard: tuple[str, list[Frame]]) -> str:
    return f"{json.dumps(heard[0])}: [{_joined(map(json.dumps, heard[1]))}]"


def _joined(texts: Iterable[str]) -> str:
    lines = ",\n".join(texts)
    return f"\n{lines}\n" if lines else ""


if __name__ == "__main__":
    asyncio.run(_record())
