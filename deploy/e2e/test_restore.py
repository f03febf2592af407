"""A database that is put back from a backup: no dialect calls a client recovered whose history is not the server's."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from deploy.api_client import ApiClient, api_client
from deploy.embedded.postgres_home import LINK, remove_data
from deploy.local.stack import local_stack
from deploy.stack_process import EMBEDDED, StackProcess, free_ports, stack_process
from shared.testing.eventually import eventually
from shared.testing.live_chats import LiveChats
from shared.testing.live_client import LiveClient
from shared.testing.live_project import LiveProjectWindow
from shared.testing.live_reader import LiveReader, Recovery
from shared.testing.live_stream import LiveStream

WAIT_SECONDS = 40.0
SETTINGS = {"RATE_LIMIT_SCALE": "1000", "DRAIN_SECONDS": "1"}


class Place(NamedTuple):
    """What the clients follow."""

    project: str
    chat: str

    @property
    def tasks(self) -> str:
        return f"tasks:{self.project}"


async def made_by(ada: ApiClient) -> Place:
    project = (await ada.expect(201, "POST", "/projects", {"name": "Apollo"})).data["id"]
    chat = (await ada.expect(201, "POST", "/chats", {"kind": "group", "title": "Moon"})).data["id"]
    return Place(project, chat)


async def write(ada: ApiClient, place: Place, *names: str) -> None:
    """One event for each client and name."""
    for name in names:
        await ada.expect(201, "POST", f"/projects/{place.project}/tasks", {"title": name})
        await ada.expect(201, "POST", f"/chats/{place.chat}/messages", {"content": name})
        files = {"files": [{"path": f"{name}.txt", "content": name}]}
        await ada.expect(200, "PUT", f"/projects/{place.project}/files", files)


@asynccontextmanager
async def everywhere(url: str, token: str, place: Place) -> AsyncIterator[dict[str, LiveReader]]:
    """A client of each dialect that knows where it stands."""
    live_url = url.replace("http", "ws", 1) + "/ws"
    topics = LiveClient(live_url, token)
    topics.follow(place.tasks)
    clients: dict[str, LiveReader] = {
        "topics": topics,
        "chats": LiveChats(live_url, token),
        "project": LiveProjectWindow(UUID(place.project), live_url, token),
        "stream": LiveStream(url, token, [place.tasks]),
    }
    async with AsyncExitStack() as opened:
        for client in clients.values():
            await opened.enter_async_context(client)
        await eventually(lambda: all(client.recoveries for client in clients.values()), within=WAIT_SECONDS)
        yield clients


async def until_all_heard(clients: dict[str, LiveReader], name: str) -> None:
    async def hear(client: LiveReader) -> None:
        while name not in str((await client.next()).data):
            pass

    async with asyncio.timeout(WAIT_SECONDS):
        await asyncio.gather(*(hear(client) for client in clients.values()))


async def poll(ada: ApiClient, place: Place, after: tuple[str, int] | None = None) -> dict[str, Any]:
    since = f"&after={after[0]}:{after[1]}" if after else ""
    page: dict[str, Any] = (await ada.expect(200, "GET", f"/events?topic={place.tasks}{since}")).body
    return page


async def until_all_are_told(clients: dict[str, LiveReader], epochs: dict[str, str]) -> None:
    """That what they know is not what the server has. Who comes back once more after that is recovered again."""

    def answers(name: str) -> list[Recovery]:
        return [each for each in clients[name].recoveries if each.epoch != epochs[name]]

    try:
        await eventually(lambda: all(map(answers, clients)), within=WAIT_SECONDS)
    except AssertionError:
        untold = {name: client for name, client in clients.items() if not answers(name)}
        raise AssertionError(
            {name: (each.recoveries[-2:], each.close_codes, each.reconnects) for name, each in untold.items()}
        ) from None
    assert [name for name in clients if answers(name)[0].recovered] == []


def epochs_of(clients: dict[str, LiveReader]) -> dict[str, str]:
    return {name: client.recoveries[-1].epoch for name, client in clients.items()}


def copied(data: Path) -> Path:
    copy = data.with_name("copy")
    subprocess.run(["/bin/cp", "-a", str(data), str(copy)], check=True)
    return copy


def put_back(data: Path, copy: Path) -> None:
    shutil.rmtree(data)
    copy.rename(data)


def titles(page: dict[str, Any]) -> Sequence[str]:
    return [item["data"]["payload"]["title"] for item in page["items"]]


async def test_clients_that_come_back_to_a_restored_stack_read_anew(tmp_path: Path) -> None:
    settings = {**SETTINGS, **free_ports()}

    @asynccontextmanager
    async def stack() -> AsyncIterator[StackProcess]:
        async with stack_process(EMBEDDED, tmp_path, settings) as running:
            yield running

    async with stack() as running, api_client(running.url) as ada:
        await ada.register("Ada")
        tokens, place = ada.tokens, await made_by(ada)
        await write(ada, place, "First")
        url = running.url
    data = (tmp_path / "postgres" / LINK).resolve()
    copy = copied(data)

    async with AsyncExitStack() as exits:
        ada = await exits.enter_async_context(api_client(url))
        ada.tokens = tokens
        async with stack():
            clients = await exits.enter_async_context(everywhere(url, ada.access_token, place))
            await write(ada, place, "Second", "Third")
            await until_all_heard(clients, "Third")
            seen, epochs = await poll(ada, place), epochs_of(clients)
        put_back(data, copy)
        async with stack():
            await write(ada, place, "Other", "Another", "Last")
            after = seen["epoch"], seen["offset"]
            lost = await poll(ada, place, after)
            await until_all_are_told(clients, epochs)
            await write(ada, place, "Next")
            await until_all_heard(clients, "Next")

    assert lost["offset"] > seen["offset"], "the offsets that were seen are given out again"
    assert (lost["items"], lost["recovered"], lost["reason"]) == ([], False, "epoch_changed")
    remove_data(tmp_path / "postgres")


async def test_clients_that_stay_connected_while_the_database_is_restored_read_anew(tmp_path: Path) -> None:
    """The services run on: of the lost history they remember nothing, of the new one they miss nothing."""
    async with (
        local_stack({**SETTINGS, **free_ports(), "TESSERA_HOME": str(tmp_path)}) as stack,
        AsyncExitStack() as exits,
    ):
        url = f"http://127.0.0.1:{stack.ports.gateway}"
        ada = await exits.enter_async_context(api_client(url))
        await ada.register("Ada")
        place, silent = await made_by(ada), (await made_by(ada)).project
        await write(ada, place, "First")
        data = (tmp_path / "postgres" / LINK).resolve()
        await stack.postgres.stop()
        copy = copied(data)
        await stack.postgres.start()
        clients = await exits.enter_async_context(everywhere(url, ada.access_token, place))
        await write(ada, place, "Second", "Third")
        await until_all_heard(clients, "Third")
        clients["where nothing happens"] = quiet = LiveClient(url.replace("http", "ws", 1) + "/ws", ada.access_token)
        quiet.follow(f"project:{silent}")
        await exits.enter_async_context(quiet)
        await quiet.answered()
        seen, epochs = await poll(ada, place), epochs_of(clients)

        await stack.postgres.stop()
        put_back(data, copy)
        await stack.postgres.start()
        await write(ada, place, "Other")
        await until_all_are_told(clients, epochs)
        del clients["where nothing happens"]
        lost = await poll(ada, place, (seen["epoch"], seen["offset"]))
        await write(ada, place, "Next")
        await until_all_heard(clients, "Next")
        anew = await poll(ada, place, (lost["epoch"], lost["offset"]))

    assert (lost["items"], lost["recovered"]) == ([], False)
    assert lost["offset"] < seen["offset"], "what is new has lower offsets than what was seen"
    assert (titles(anew), anew["recovered"]) == (["Next"], True)
    remove_data(tmp_path / "postgres")
