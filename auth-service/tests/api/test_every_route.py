"""What holds at every route, read from the table of routes: a new one is tested here by being there."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from auth_builders import Member
from auth_client import AuthClient
from auth_credentials import make_key
from mail_server import MailServer
from members import INVITATIONS, colleague

from auth_service.app import ROUTES
from shared.db.databases import Database
from shared.http.routes import Operation

OURS = {
    **dict.fromkeys(("id", "role", "tenant_id", "user_id", "tier", "email_verified"), "x"),
    **dict.fromkeys(("is_platform_admin", "is_active", "version", "created_at", "password_hash", "expires_at"), "x"),
}
"""What we decide about things, and clients do not."""
THEIRS = {
    ("POST", "/api/v1/auth/login"): {"tenant_id"},
    ("POST", "/api/v1/auth/switch-tenant"): {"tenant_id"},
    ("POST", "/api/v1/users"): {"role"},
    ("PATCH", "/api/v1/users/{user_id}"): {"role", "is_active"},
    ("PUT", "/api/v1/users/{user_id}"): {"role", "is_active"},
    ("POST", "/api/v1/invitations"): {"role"},
    ("POST", "/api/v1/api-keys"): {"expires_at"},
}
"""Where clients do, each with a test of its own about who may."""
ABOUT_ONESELF = {"category", "key"}
"""Path parameters that name no stored thing: everybody has their own of each."""


def operations() -> Iterator[Operation]:
    for group in ROUTES:
        yield from (each for each in group.operations if each.path.startswith("/api/"))


WRITES = [each for each in operations() if each.method != "GET"]


def name_of(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


async def test_all_but_public_ones_are_for_whoever_is_signed_in(auth: AuthClient) -> None:
    for operation in (each for each in operations() if not each.public):
        answer = await auth.send(operation.method, with_ids(operation), {})

        assert (answer.status, answer.code) == (401, "AUTH_REQUIRED"), name_of(operation)


async def test_no_write_takes_what_is_ours_to_decide(auth: AuthClient, database: Database) -> None:
    owner = await auth.register()
    before = await people(database)

    for operation in (each for each in WRITES if each.signature.body is not None):
        answer = await auth.send(operation.method, with_ids(operation, owner), OURS, who=owner.principal)

        theirs = THEIRS.get((operation.method, operation.path), set())
        unknown = {path for path, code in answer.wrong_fields.items() if code == "unknown"}
        assert answer.status == 422, name_of(operation)
        assert unknown == OURS.keys() - theirs, name_of(operation)

    assert await people(database) == before


async def test_writes_without_a_body_read_none(auth: AuthClient, database: Database) -> None:
    owner = await auth.register()
    before = await people(database)

    for operation in (each for each in WRITES if each.signature.body is None):
        if operation.path != "/api/v1/users/{user_id}":
            await auth.send(operation.method, with_ids(operation), OURS, who=owner.principal)

    assert await people(database) == before


async def test_what_belongs_to_another_tenant_is_not_there(auth_with_mail: AuthClient, mail: MailServer) -> None:
    auth, ada, mallory = auth_with_mail, await auth_with_mail.register(), await auth_with_mail.register()
    await colleague(auth, mail, ada, "viewer")
    invited = await auth.send("POST", INVITATIONS, {"email": "guest@example.com"}, who=ada.principal)
    export = await auth.send("POST", "/api/v1/users/me/export", who=ada.principal)
    adas = {
        "tenant_id": ada.tenant_id,
        "user_id": ada.principal.user_id,
        "session_id": ada.principal.session_id,
        "invitation_id": invited.data["id"],
        "api_key_id": (await make_key(auth, ada.principal))["id"],
        "export_id": export.json["data"]["job"]["id"],
    }

    for operation in operations():
        names = set(operation.signature.path) - ABOUT_ONESELF
        if not names:
            continue
        foreign, absent = [
            await auth.send(operation.method, filled(operation.path, ids), body_for(operation), who=mallory.principal)
            for ids in ({name: adas[name] for name in names}, dict.fromkeys(names, uuid4()))
        ]

        assert foreign.status == 404, name_of(operation)
        assert without_trace(foreign.body) == without_trace(absent.body), name_of(operation)
    assert (await auth.refresh(ada.refresh_token)).status == 200


def body_for(operation: Operation) -> dict[str, str] | None:
    return None if operation.signature.body is None else {"first_name": "Eve"}


def with_ids(operation: Operation, owner: Member | None = None) -> str:
    me = owner.principal.user_id if owner else uuid4()
    known = {"category": "custom", "key": "a", "user_id": me}
    return filled(operation.path, {name: known.get(name, uuid4()) for name in operation.signature.path})


def filled(path: str, names: dict[str, object]) -> str:
    return path.format(**names)


def without_trace(body: bytes) -> bytes:
    return re.sub(rb'"trace_id":"\w+"', b"", body)


async def people(database: Database) -> list[dict[str, Any]]:
    return await database.system_rows(
        "select u::text as user, m::text as membership, t::text as tenant"
        " from users u join memberships m on m.user_id = u.id join tenants t on t.id = m.tenant_id"
    )
