"""The races: what fifty clients do at the same moment, and what must be true afterwards.

Each has people made up front, because making one costs a password hash, and rounds that leave things as they were.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from deploy.api_client import Answer
from deploy.chaos.auth_replicas import AuthReplicas, Call, counted

CROWD = 50
GUESTS = 10


class Race(Protocol):
    name: str

    async def prepare(self) -> None: ...

    async def round(self) -> tuple[list[Answer], list[str]]:
        """All answers of the crowd, and a sentence about everything that must not be."""


class RefreshRace:
    """One refresh token, shown fifty times: everybody gets the one successor, which works in the next round."""

    name = "refresh of one token"

    def __init__(self, replicas: AuthReplicas) -> None:
        self._replicas = replicas
        self._token = ""

    async def prepare(self) -> None:
        self._token = (await self._replicas.register()).refresh_token

    async def round(self) -> tuple[list[Answer], list[str]]:
        answers = await self._replicas.at_once([Call("POST", "/auth/refresh", {"refresh_token": self._token})] * CROWD)
        children = {answer.data["refresh_token"] for answer in answers if answer.status == 200}
        wrong = unexpected(answers, {"200": CROWD})
        if len(children) != 1:
            wrong.append(f"{len(children)} live children")
            await self.prepare()
        else:
            (self._token,) = children
        return answers, wrong


class ExchangeRace:
    """One session token: one browser is signed in, and its cookie works."""

    name = "exchange of one session token"

    def __init__(self, replicas: AuthReplicas) -> None:
        self._replicas = replicas

    async def prepare(self) -> None:
        self._owner = (await self._replicas.register()).principal

    async def round(self) -> tuple[list[Answer], list[str]]:
        link = await self._replicas.send(Call("POST", "/auth/session-token", who=self._owner))
        token = link.data["url"].partition("token=")[2]
        answers = await self._replicas.at_once([Call("POST", "/auth/session-exchange", {"token": token})] * CROWD)
        wrong = unexpected(answers, {"200": 1, "410 SESSION_TOKEN_EXPIRED": CROWD - 1})
        for winner in (answer for answer in answers if answer.status == 200):
            cookie = {"Cookie": winner.headers["Set-Cookie"].partition(";")[0]}
            refreshed = await self._replicas.send(Call("POST", "/auth/refresh", {}, headers=cookie))
            if refreshed.status != 200:
                wrong.append(f"the winner's cookie was answered {refreshed.status}")
        return answers, wrong


class RegisterRace:
    """One e-mail address: one account, with a session that works."""

    name = "register with one e-mail address"

    def __init__(self, replicas: AuthReplicas) -> None:
        self._replicas = replicas

    async def prepare(self) -> None:
        pass

    async def round(self) -> tuple[list[Answer], list[str]]:
        body = self._replicas.registration()
        answers = await self._replicas.at_once([Call("POST", "/auth/register", body)] * CROWD)
        wrong = unexpected(answers, {"201": 1, "409 AUTH_EMAIL_TAKEN": CROWD - 1})
        for winner in (answer for answer in answers if answer.status == 201):
            token = winner.data["tokens"]["refresh_token"]
            refreshed = await self._replicas.send(Call("POST", "/auth/refresh", {"refresh_token": token}))
            if refreshed.status != 200:
                wrong.append(f"the winner's token was answered {refreshed.status}")
        left = await self._replicas.database.fetchval(
            "select count(*) from users where email_identity = $1", body["email"]
        )
        orphans = await self._replicas.database.fetchval(
            "select count(*) from tenants t where not exists (select from memberships m where m.tenant_id = t.id)"
        )
        return answers, [*wrong, *differs("accounts", left, 1), *differs("tenants of nobody", orphans, 0)]


class AcceptRace:
    """One invitation, shown several times by several people: one of them joins."""

    name = "accept of one invitation"

    def __init__(self, replicas: AuthReplicas) -> None:
        self._replicas = replicas

    async def prepare(self) -> None:
        self._owner = (await self._replicas.register()).principal
        self._guests = [(await self._replicas.register()).principal for _ in range(GUESTS)]
        self._email = f"invited-by-{self._owner.user_id}@example.com"

    async def round(self) -> tuple[list[Answer], list[str]]:
        invited = await self._replicas.send(Call("POST", "/invitations", {"email": self._email}, self._owner))
        assert invited.status == 201, invited
        token = {"token": await self._replicas.mailed_token(self._email)}
        guests = self._guests * (CROWD // GUESTS)
        answers = await self._replicas.at_once([Call("POST", "/invitations/accept", token, guest) for guest in guests])
        wrong = unexpected(answers, {"200": 1, "410 TOKEN_USED_OR_EXPIRED": CROWD - 1})
        members = await self._replicas.database.fetch(
            "select user_id from memberships where tenant_id = $1 and user_id <> $2",
            self._owner.tenant_id, self._owner.user_id,
        )  # fmt: skip
        for member in members:
            await self._replicas.send(Call("DELETE", f"/users/{member['user_id']}", who=self._owner))
        return answers, [*wrong, *differs("who joined", len(members), 1)]


class LastOwnerRace:
    """Two owners leave, step down and demote each other: one of them stays an owner."""

    name = "last owner leaving"

    def __init__(self, replicas: AuthReplicas) -> None:
        self._replicas = replicas

    async def prepare(self) -> None:
        self._ada = (await self._replicas.register()).principal
        bob = (await self._replicas.register()).principal
        self._bob = msgspec.structs.replace(bob, tenant_id=self._ada.tenant_id)

    async def round(self) -> tuple[list[Answer], list[str]]:
        tenant_id = self._ada.tenant_id
        await self._replicas.database.executemany(
            "insert into memberships (tenant_id, user_id, role, created_at, updated_at)"
            " values ($1, $2, 'owner', now(), now()) on conflict (tenant_id, user_id) do update set role = 'owner'",
            [(tenant_id, each.user_id) for each in (self._ada, self._bob)],
        )
        answers = await self._replicas.at_once(self._deeds() * (CROWD // 5))
        allowed = {"200", "204", "403 AUTH_FORBIDDEN", "404 USER_NOT_FOUND", "409 LAST_OWNER"}
        wrong = [f"{number} x {answer}" for answer, number in counted(answers).items() if answer not in allowed]
        owners = await self._replicas.database.fetchval(
            "select count(*) from memberships where tenant_id = $1 and role = 'owner' and is_active", tenant_id
        )
        return answers, [*wrong, *differs("owners", owners, 1)]

    def _deeds(self) -> list[Call]:
        ada, bob = self._ada, self._bob
        return [
            Call("DELETE", f"/users/{ada.user_id}", who=ada),
            Call("DELETE", f"/users/{bob.user_id}", who=bob),
            Call("PATCH", f"/users/{bob.user_id}", {"role": "viewer"}, ada),
            Call("PATCH", f"/users/{ada.user_id}", {"role": "viewer"}, bob),
            Call("PATCH", f"/users/{ada.user_id}", {"role": "admin"}, ada),
        ]


RACES: dict[str, Callable[[AuthReplicas], Race]] = {
    "refresh": RefreshRace,
    "exchange": ExchangeRace,
    "register": RegisterRace,
    "accept": AcceptRace,
    "owners": LastOwnerRace,
}


def unexpected(answers: Sequence[Answer], wanted: dict[str, int]) -> list[str]:
    """Every answer is accounted for."""
    found = counted(answers)
    return [
        f"{found[each]} x {each} instead of {wanted.get(each, 0)}"
        for each in found.keys() | wanted.keys()
        if found[each] != wanted.get(each, 0)
    ]


def differs(what: str, found: int, wanted: int) -> list[str]:
    return [] if found == wanted else [f"{what}: {found} instead of {wanted}"]
