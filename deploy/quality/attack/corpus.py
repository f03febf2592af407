"""What one free account sends to use up the machine. Each attack is bounded and names the answers that are right.

python -m deploy.quality.attack.corpus NAME URL PAGES

runs one attack in this process and prints how often each answer came, as JSON. PAGES is an address where the attacker
serves web pages that the product may read.
"""

import asyncio
import io
import json
import random
import sys
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import NamedTuple
from uuid import uuid4

import uvloop

from deploy.console import say
from deploy.quality.attack.attacker import Attacker
from shared.testing.http_session import http_session

INVALID = "422 VALIDATION_ERROR"
FULL = "403 TIER_LIMIT_EXCEEDED"


class Attack(NamedTuple):
    run: Callable[[Attacker, str], Awaitable[None]]
    right: frozenset[str]
    """The only answers that may come."""
    stored: int = 16
    """MiB by which databases and files may have grown afterwards."""


async def wrong_elements(attacker: Attacker, _pages: str) -> None:
    """Half a million wrong elements in one list of 1 MB."""
    body = b'{"kind":"group","participant_ids":[' + b",".join([b"0"] * 500_000) + b"]}"
    await attacker.send("POST", "/chats", body)


async def wrong_deletions(attacker: Attacker, _pages: str) -> None:
    """A million wrong elements for a project that is not there, and for one that is."""
    body = b'{"delete":[' + b",".join([b"0"] * 1_000_000) + b"]}"
    for project in (str(uuid4()), await _project(attacker)):
        await attacker.send("PUT", f"/projects/{project}/files", body)


async def wrong_everything(attacker: Attacker, _pages: str) -> None:
    """Objects of unknown fields, deep ones, long names, huge numbers and repeated keys; 1 MB each."""
    many = b",".join(b'"f%d":1' % number for number in range(80_000))
    for body in (
        b"{" + many + b"}",
        b"[" * 1_000_000,
        b'{"name":' + b'{"a":' * 60 + b"1" + b"}" * 60 + b"," + many + b"}",
        b'{"' + b"k" * 900_000 + b'":1}',
        b'{"name":' + b"9" * 900_000 + b"}",
        b'{"name":"' + b"\\u00e9" * 150_000 + b'"}',
        b"{" + b'"name":1,' * 100_000 + b'"name":2}',
    ):
        await attacker.send("POST", "/projects", body)


async def nul_below_a_long_key(attacker: Attacker, _pages: str) -> None:
    """100 KB with one NUL, in a long list below a long key."""
    state = b'{"' + b"k" * 50_000 + b'":[' + b"1," * 25_000 + b'"\\u0000"]}'
    await attacker.send("POST", "/sessions", b'{"name":"s","workspace_path":"/w","editor_state":' + state + b"}")


async def deep_folders(attacker: Attacker, _pages: str) -> None:
    """A thousand files below 255 folders each, as a batch and as an archive, and two small files afterwards."""
    project = await _project(attacker)
    paths = [f"{number}/" + "a/" * 250 + "f" for number in range(1_000)]
    await attacker.send("PUT", f"/projects/{project}/files", _files(dict.fromkeys(paths, "")))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in paths:
            packed.writestr(path, b"")
    await attacker.send("POST", "/projects/import?name=deep", archive.getvalue(), "application/zip")
    for name in ("one", "two"):
        await attacker.send("PUT", f"/projects/{project}/files", _files({name: "small"}))


async def refused_imports(attacker: Attacker, _pages: str) -> None:
    """Four archives of 2 MB that unpack to 180 MB each and are broken in their last entry."""
    archives = [_broken_archive(number) for number in range(4)]
    async with asyncio.TaskGroup() as group:
        for archive in archives:
            group.create_task(attacker.send("POST", "/projects/import?name=broken", archive, "application/zip"))


def _broken_archive(seed: int) -> bytes:
    source, mark = random.Random(seed), b"the last entry"  # noqa: S311 - the same bytes in every run
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(20):
            packed.writestr(f"f{number}", b"".join(source.randbytes(40) + bytes(4056) for _ in range(9 * 256)))
        packed.writestr("last", mark, zipfile.ZIP_STORED)
    return archive.getvalue().replace(mark, mark.upper())  # no longer what its checksum says


async def hostile_pages(attacker: Attacker, pages: str) -> None:
    """Product pages that take a parser minutes or gigabytes, seven at a time."""
    names = ("circles", "scripts", "depth", "attributes") * 2
    bodies = [json.dumps({"url": f"{pages}/{name}"}).encode() for name in names[:7]]
    async with asyncio.TaskGroup() as group:
        for body in bodies:
            group.create_task(attacker.send("POST", "/gifts/preview-url", body))


async def large_messages(attacker: Attacker, _pages: str) -> None:
    """A conversation of 120 MB: its pages, its export, its topic from the beginning."""
    conversation = (await attacker.expect(201, "POST", "/conversations", {"title": "large"})).data["id"]
    for number in range(150):
        await attacker.send("POST", f"/conversations/{conversation}/messages", _message(number))
    await attacker.send("GET", f"/conversations/{conversation}/messages?page_size=200")
    await attacker.send("GET", f"/conversations/{conversation}/export")
    events = f"/events?topic=conversation:{conversation}"
    epoch = (await attacker.expect(200, "GET", events)).body["epoch"]
    await attacker.send("GET", f"{events}&after={epoch}:0")


async def forks(attacker: Attacker, _pages: str) -> None:
    """A conversation of 16 MB, forked twenty times."""
    conversation = (await attacker.expect(201, "POST", "/conversations", {"title": "forked"})).data["id"]
    for number in range(20):
        await attacker.send("POST", f"/conversations/{conversation}/messages", _message(number))
    newest = await attacker.expect(200, "GET", f"/conversations/{conversation}/messages?order=desc&page_size=1")
    body = json.dumps({"message_id": newest.body["items"][0]["id"], "scope": "path"}).encode()
    for _ in range(20):
        await attacker.send("POST", f"/conversations/{conversation}/fork", body)


async def parallel_answers(attacker: Attacker, _pages: str) -> None:
    """150 answers of a model, asked for at once."""
    made = [(await attacker.expect(201, "POST", "/conversations", {"title": "c"})).data["id"] for _ in range(60)]
    async with asyncio.TaskGroup() as group:
        for number in range(150):
            path = f"/conversations/{made[number % len(made)]}/completions"
            group.create_task(attacker.send("POST", path, b'{"content":"Tell me a long story."}'))


async def idle_connections(attacker: Attacker, _pages: str) -> None:
    """3,000 connections that ask once and stay."""
    writers: list[asyncio.StreamWriter] = []
    for _ in range(3_000):
        with suppress(OSError):
            reader, writer = await attacker.connect()
            writer.write(b"GET /health HTTP/1.1\r\nHost: attack\r\n\r\n")
            writers.append(writer)
            attacker.answers[(await reader.readline()).decode().partition(" ")[2].strip() or "closed"] += 1
    await asyncio.sleep(2)  # for the others to notice
    for writer in writers:
        writer.close()


async def unread_pongs(attacker: Attacker, _pages: str) -> None:
    """Sockets without an account that upgrade from polling, send 16 MB of pings each and read nothing."""
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(_flood_with_pings(attacker))


async def _flood_with_pings(attacker: Attacker) -> None:
    reader, writer = await attacker.connect()
    try:
        writer.write(b"GET /ws/?EIO=4&transport=polling HTTP/1.1\r\nHost: attack\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
        sid = json.loads((await reader.readexactly(length))[1:].partition(b"\x1e")[0])["sid"]
        writer.write(
            f"GET /ws/?EIO=4&transport=websocket&sid={sid} HTTP/1.1\r\nHost: attack\r\n".encode()
            + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        head = await reader.readuntil(b"\r\n\r\n")
        attacker.answers[head.split(b" ", 2)[1].decode()] += 1
        ping = b"\x89\xfd" + bytes(4) + bytes(125)  # masked with zeros: as it stands
        async with asyncio.timeout(15):
            for _ in range(16 * 8):
                writer.write(ping * 1_000)
                await writer.drain()
        attacker.answers["read all"] += 1
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        attacker.answers["ended"] += 1
    finally:
        writer.transport.abort()


CORPUS: Mapping[str, Attack] = {
    "wrong elements": Attack(wrong_elements, frozenset({INVALID})),
    "wrong deletions": Attack(wrong_deletions, frozenset({INVALID, "404 PROJECT_NOT_FOUND", "413 BODY_TOO_LARGE"})),
    "wrong everything": Attack(wrong_everything, frozenset({INVALID, "400 MALFORMED_JSON"})),
    "NUL below a long key": Attack(nul_below_a_long_key, frozenset({INVALID})),
    "deep folders": Attack(deep_folders, frozenset({"200", "422 INVALID_PATH", "422 INVALID_ARCHIVE", INVALID})),
    "refused imports": Attack(refused_imports, frozenset({"422 INVALID_ARCHIVE", FULL})),
    "hostile pages": Attack(hostile_pages, frozenset({"200", "503 SERVICE_UNAVAILABLE"})),
    "large messages": Attack(large_messages, frozenset({"200", "201"}), stored=512),
    "forks": Attack(forks, frozenset({"201", FULL}), stored=32),
    "parallel answers": Attack(parallel_answers, frozenset({"201", "409 COMPLETION_ALREADY_RUNNING", FULL})),
    "idle connections": Attack(idle_connections, frozenset({"200 OK", "503 Service Unavailable", "closed"})),
    "unread pongs": Attack(unread_pongs, frozenset({"101", "400", "ended"})),
}


def _message(seed: int) -> bytes:
    """800 KB that no database compresses."""
    source = random.Random(seed)  # noqa: S311 - the same bytes in every run
    content = "".join(chr(0x1F300 + byte) for byte in source.randbytes(199_000))
    return json.dumps({"role": "user", "content": content}, ensure_ascii=False).encode()


async def _project(attacker: Attacker) -> str:
    project: str = (await attacker.expect(201, "POST", "/projects", {"name": "target"})).data["id"]
    return project


def _files(contents: Mapping[str, str]) -> bytes:
    return json.dumps({"files": [{"path": path, "content": text} for path, text in contents.items()]}).encode()


async def _attack(name: str, url: str, pages: str) -> None:
    async with http_session(limit=200) as session:
        attacker = await Attacker(session, url).register("Mallory")
        await CORPUS[name].run(attacker, pages)
    say(json.dumps(attacker.answers))


if __name__ == "__main__":
    uvloop.run(_attack(*sys.argv[1:]))
