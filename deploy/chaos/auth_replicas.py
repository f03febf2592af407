"""Two processes of auth-service on one PostgreSQL, spoken to as the gateway speaks to them."""

import asyncio
import itertools
import os
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import asyncpg
import jwt
from yarl import URL

from deploy.api_client import Answer, ApiClient
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.environment import Home, service_environment
from deploy.local import provision
from deploy.local.processes import ServiceProcess
from deploy.supervision.ports import free_port
from shared.db.migrate import migrate
from shared.identity import HEADER, mint_identity, principal_of
from shared.principal import Principal

REPLICAS = 2
CONNECTIONS = 200
TRIES, RETRY_SECONDS = 5, 0.2
MAIL_SECONDS = 10.0
PASSWORD = "correct horse battery"  # noqa: S105 - of people who exist for one run
_DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"
_TOKEN = re.compile(r"token=([\w-]+)")


class Call(NamedTuple):
    method: str
    path: str
    """Below /api/v1."""
    body: dict[str, Any] | None = None
    who: Principal | None = None
    headers: dict[str, str] | None = None


class Person(NamedTuple):
    principal: Principal
    refresh_token: str


class AuthReplicas:
    """`database` is the administrator's connection: for setting a round up and for looking at what it left.

    `busy` counts the answers 503, after which a client tries again; `deadlocks` is known when the processes have ended.
    """

    def __init__(self, clients: Sequence[ApiClient], database: asyncpg.Connection, secret: str, mail: Path) -> None:
        self.database = database
        self.busy = 0
        self.deadlocks = 0
        self._clients = clients
        self._secret = secret
        self._mail = mail
        self._turns = itertools.cycle(clients)
        self._read_mail: set[str] = set()
        self._numbers = itertools.count(1)

    async def send(self, call: Call) -> Answer:
        """To the replica whose turn it is, and to the next one where it has no time."""
        headers = dict(call.headers or {})
        if call.who is not None:
            headers[HEADER] = mint_identity(call.who, "auth", self._secret, datetime.now(UTC))
        for _ in range(TRIES - 1):
            answer = await next(self._turns).call(call.method, call.path, call.body, headers=headers)
            if answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                return answer
            self.busy += 1
            await asyncio.sleep(RETRY_SECONDS)
        return await next(self._turns).call(call.method, call.path, call.body, headers=headers)

    async def at_once(self, calls: Sequence[Call]) -> list[Answer]:
        """In any order."""
        return await asyncio.gather(*(self.send(call) for call in random.sample(calls, len(calls))))

    def registration(self) -> dict[str, Any]:
        """With an address that nobody has."""
        email = f"racer{next(self._numbers)}@example.com"
        return {"email": email, "password": PASSWORD, "first_name": "Ada", "last_name": "Example"}

    async def register(self) -> Person:
        """Somebody who has proven their address."""
        body = self.registration()
        answer = await self.send(Call("POST", "/auth/register", body))
        assert answer.status == 201, answer
        tokens = answer.data["tokens"]
        claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
        person = Person(principal_of(claims), tokens["refresh_token"])
        token = {"token": await self.mailed_token(body["email"])}
        proven = await self.send(Call("POST", "/auth/verify-email", token, person.principal))
        assert proven.status == 204, proven
        return person

    async def mailed_token(self, recipient: str) -> str:
        """From the next letter to this address."""
        async with asyncio.timeout(MAIL_SECONDS):
            while True:
                for file in sorted(self._mail.glob("*.eml")):
                    if file.name in self._read_mail:
                        continue
                    self._read_mail.add(file.name)
                    message = message_from_bytes(file.read_bytes(), policy=policy.default)
                    body = message.get_body(("plain",))
                    if message["To"] == recipient and body is not None:
                        return str(_TOKEN.findall(body.get_content())[0])
                await asyncio.sleep(0.01)


def counted(answers: Sequence[Answer]) -> Counter[str]:
    """How often each `status code` was answered; a success has no code."""
    return Counter(f"{answer.status} {answer.code or ''}".strip() for answer in answers)


@asynccontextmanager
async def auth_replicas(folder: Path) -> AsyncIterator[AuthReplicas]:
    """Everything in `folder`. Raises ServerError with a sentence for people."""
    environ = {**os.environ, "TESSERA_HOME": str(folder), "RATE_LIMIT_SCALE": "1000000", "LOG_LEVEL": "warning"}
    home = Home(environ)
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(EmbeddedPostgres(home.folder / "postgres"))
        broker = await stack.enter_async_context(provision.broker(home.folder / "rabbitmq"))
        urls = await home.prepare_databases(postgres.admin_url)
        await migrate("auth", urls["auth"].owner)
        database = await asyncpg.connect(str(URL(postgres.admin_url).with_path("/auth")))
        stack.push_async_callback(database.close)
        told = {**service_environment(environ, home, urls), "AMQP_URL": broker.url}
        async with _clients(told, home.folder) as clients:
            replicas = AuthReplicas(clients, database, told["INTERNAL_SECRET"], home.folder / "mail")
            yield replicas
        replicas.deadlocks = await database.fetchval(_DEADLOCKS)


@asynccontextmanager
async def _clients(environ: Mapping[str, str], folder: Path) -> AsyncIterator[list[ApiClient]]:
    """One of each process, which runs as long as the block."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with AsyncExitStack() as stack, aiohttp.ClientSession(connector=connector) as session:
        clients: list[ApiClient] = []
        for port in (free_port() for _ in range(REPLICAS)):
            process = ServiceProcess("auth_service", port, environ, folder / f"auth-{port}.log")
            stack.push_async_callback(process.stop)
            await process.start()
            clients.append(ApiClient(session, f"http://127.0.0.1:{port}"))
        yield clients
