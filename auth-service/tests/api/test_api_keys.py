"""API keys: made and shown once, listed without secrets, revoked by their owner and nobody else."""

import msgspec
import pytest
from auth_client import AuthClient
from auth_credentials import introspect, make_key
from auth_fakes import SettableClock

from shared.db.databases import Database
from shared.ids import new_id
from shared.principal import Principal, Role
from shared.scopes import SCOPES

API_KEYS = "/api/v1/api-keys"


async def test_a_new_key_is_shown_whole_this_once(auth: AuthClient) -> None:
    owner = (await auth.register()).principal
    body = {"name": "robot", "scopes": ["tasks:write", "*:read", "TASKS:WRITE"], "expires_at": "2999-01-01T00:00:00Z"}

    answer = await auth.send("POST", API_KEYS, body, who=owner)

    made = answer.data
    key = made.pop("key")
    assert (answer.status, "location" in answer.headers) == (201, False)
    assert key.startswith("tsk_")
    assert key.startswith(made["prefix"])
    assert made["scopes"] == ["tasks:write", "*:read"]
    assert (made["name"], made["expires_at"], made["last_used_at"]) == ("robot", "2999-01-01T00:00:00Z", None)
    assert (made["tenant_id"], made["user_id"]) == (str(owner.tenant_id), str(owner.user_id))
    listed = await auth.send("GET", API_KEYS, who=owner)
    assert listed.json == {"items": [made], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}
    assert key.encode() not in listed.body


async def test_no_copy_of_the_database_holds_a_key(auth: AuthClient, database: Database) -> None:
    made = await make_key(auth, (await auth.register()).principal)

    stored = await database.system_rows("select k::text as text from api_keys k union all select o::text from outbox o")

    secret = made["key"].removeprefix(made["prefix"])
    assert stored
    assert not [row for row in stored if secret in row["text"] or made["key"] in row["text"]]


async def test_a_repeat_of_the_request_makes_no_second_key(auth: AuthClient, database: Database) -> None:
    owner, once = (await auth.register()).principal, {"Idempotency-Key": "1"}
    body = {"name": "robot", "scopes": ["*:read"]}

    first, second = [await auth.send("POST", API_KEYS, body, who=owner, headers=once) for _ in range(2)]

    assert first.status == second.status == 201
    assert first.data == second.data
    assert second.headers["idempotent-replayed"] == "true"
    assert first.headers["cache-control"] == second.headers["cache-control"] == "no-store"
    assert (await auth.send("GET", API_KEYS, who=owner)).json["total"] == 1
    kept = await database.system_rows("select body from idempotency_keys where user_id = $1", owner.user_id)
    assert kept
    assert not [row for row in kept if first.data["key"].encode() in row["body"]]


async def test_keys_come_in_pages_newest_first(auth: AuthClient) -> None:
    owner = (await auth.register()).principal
    made = [(await make_key(auth, owner, name=f"robot {number}"))["id"] for number in range(5)]

    first = (await auth.send("GET", API_KEYS + "?page_size=2", who=owner)).json
    second = (await auth.send("GET", f"{API_KEYS}?page_size=2&cursor={first['next_cursor']}", who=owner)).json
    third = (await auth.send("GET", API_KEYS + "?page=3&page_size=2&include_total=false", who=owner)).json

    assert [item["id"] for page in (first, second, third) for item in page["items"]] == made[::-1]
    assert (first["total"], third["total"], third["next_cursor"]) == (5, None, None)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": None}, {"name": "wrong_type"}),
        ({"name": " "}, {"name": "invalid_format"}),
        ({"name": "x" * 101}, {"name": "too_long"}),
        ({"scopes": []}, {"scopes": "too_short"}),
        ({"scopes": "*:read"}, {"scopes": "wrong_type"}),
        ({"scopes": ["projects:read", "projects:admin"]}, {"scopes.1": "invalid_choice"}),
        ({"scopes": ["*"]}, {"scopes.0": "invalid_choice"}),
        ({"scopes": ["api-keys:write"]}, {"scopes.0": "invalid_choice"}),
        ({"expires_at": "2020-01-01T00:00:00Z"}, {"expires_at": "out_of_range"}),
        ({"expires_at": "2999-01-01T00:00:00"}, {"expires_at": "invalid_format"}),
        *(({name: "x"}, {name: "unknown"}) for name in ("id", "key", "prefix", "tenant_id", "user_id", "role", "tier")),
        *(({name: "x"}, {name: "unknown"}) for name in ("last_used_at", "email_verified", "revoked_at", "digest")),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_made(
    auth: AuthClient, changes: dict[str, object], wrong: dict[str, str]
) -> None:
    owner = (await auth.register()).principal
    body = {"name": "robot", "scopes": ["projects:read"]} | changes

    answer = await auth.send("POST", API_KEYS, body, who=owner)

    assert (answer.status, answer.wrong_fields) == (422, wrong)
    assert (await auth.send("GET", API_KEYS, who=owner)).json["total"] == 0


async def test_every_scope_there_is_can_be_given(auth: AuthClient) -> None:
    made = await make_key(auth, (await auth.register()).principal, scopes=list(SCOPES))

    assert made["scopes"] == list(SCOPES)


@pytest.mark.parametrize("role", list(Role))
async def test_whatever_their_role_members_manage_their_own_keys(
    auth: AuthClient, database: Database, role: Role
) -> None:
    owner = (await auth.register()).principal
    async with database.system_work() as work:
        await work.execute("update memberships set role = $1", role.value)
    member = msgspec.structs.replace(owner, role=role)

    made = await make_key(auth, member)
    revoked = await auth.send("DELETE", f"{API_KEYS}/{made['id']}", who=member)

    assert revoked.status == 204


async def test_a_revoked_key_is_gone_and_told(auth: AuthClient, database: Database, clock: SettableClock) -> None:
    owner = (await auth.register()).principal
    made = await make_key(auth, owner)

    answers = [await auth.send("DELETE", f"{API_KEYS}/{made['id']}", who=owner) for _ in range(2)]

    assert [answer.status for answer in answers] == [204, 404]
    assert (await auth.send("GET", API_KEYS, who=owner)).json["items"] == []
    assert (await introspect(auth, clock, "api_key", made["key"]))["refusal"] == "AUTH_INVALID_TOKEN"
    (event,) = await database.system_rows("select data from outbox where type = 'auth.api_key.revoked'")
    told = msgspec.json.decode(event["data"])
    assert told == {
        "key_id": made["id"], "user_id": str(owner.user_id), "revoked_at": int(clock.now().timestamp())
    }  # fmt: skip


async def test_somebody_elses_key_does_not_exist(auth: AuthClient, database: Database) -> None:
    owner, stranger = (await auth.register()).principal, (await auth.register()).principal
    colleague = msgspec.structs.replace(stranger, tenant_id=owner.tenant_id, role=Role.OWNER)
    made = await make_key(auth, owner)

    for other in (stranger, colleague):
        foreign = await auth.send("DELETE", f"{API_KEYS}/{made['id']}", who=other)
        random = await auth.send("DELETE", f"{API_KEYS}/{new_id()}", who=other)
        assert (foreign.status, foreign.code) == (random.status, random.code) == (404, "API_KEY_NOT_FOUND")
        assert (await auth.send("GET", API_KEYS, who=other)).json["total"] == 0
    assert (await auth.send("GET", API_KEYS, who=owner)).json["total"] == 1


async def test_the_same_user_has_other_keys_in_another_tenant(auth: AuthClient) -> None:
    owner, stranger = (await auth.register()).principal, (await auth.register()).principal
    made = await make_key(auth, owner)
    elsewhere = msgspec.structs.replace(owner, tenant_id=stranger.tenant_id)

    assert (await auth.send("GET", API_KEYS, who=elsewhere)).json["total"] == 0
    assert (await auth.send("DELETE", f"{API_KEYS}/{made['id']}", who=elsewhere)).status == 404


@pytest.mark.parametrize("text", ["x", "1", "not-a-uuid-not-a-uuid-not-a-uuid-1234"])
async def test_an_id_that_cannot_exist_is_one_that_does_not(auth: AuthClient, text: str) -> None:
    answer = await auth.send("DELETE", f"{API_KEYS}/{text}", who=(await auth.register()).principal)

    assert (answer.status, answer.code) == (404, "API_KEY_NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", API_KEYS),
        ("POST", API_KEYS),
        ("DELETE", API_KEYS + "/01900000-0000-7000-8000-000000000000"),
        ("POST", "/api/v1/auth/logout"),
        ("POST", "/api/v1/auth/session-token"),
    ],
)
async def test_a_key_manages_neither_keys_nor_sessions(auth: AuthClient, method: str, path: str) -> None:
    """Whatever the gateway lets through."""
    key = as_key((await auth.register()).principal, *SCOPES)

    assert (await auth.send(method, path, {}, who=key)).code == "AUTH_FORBIDDEN"
    assert (await auth.send(method, path, {})).code == "AUTH_REQUIRED"


async def test_a_key_reads_and_writes_what_its_scopes_name(auth: AuthClient) -> None:
    owner = (await auth.register()).principal
    me = "/api/v1/users/me"

    assert (await auth.send("GET", me, who=as_key(owner, "users:read"))).status == 200
    assert (await auth.send("HEAD", me, who=as_key(owner, "users:read"))).status == 200
    assert (await auth.send("PATCH", me, {}, who=as_key(owner, "users:read"))).code == "AUTH_FORBIDDEN"
    assert (await auth.send("PATCH", me, {}, who=as_key(owner, "*:write"))).status == 200
    assert (await auth.send("GET", me, who=as_key(owner, "projects:read", "users:write"))).code == "AUTH_FORBIDDEN"


def as_key(owner: Principal, *scopes: str) -> Principal:
    return msgspec.structs.replace(owner, session_id=new_id(), scopes=scopes)
