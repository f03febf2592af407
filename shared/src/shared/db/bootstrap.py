"""A database and its three roles, made by an administrator before the first migration; safe to repeat and to race."""

import hashlib
from typing import NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

OWNER, APP, SYSTEM = "owner", "app", "system"
CONNECT_TIMEOUT_SECONDS = 10.0


class RolePasswords(NamedTuple):
    owner: str
    app: str
    system: str


class DatabaseUrls(NamedTuple):
    """`owner` migrates; `app` works for a tenant, `system` for none: both bound by row-level security."""

    owner: str
    app: str
    system: str


async def prepare_database(admin_url: str, name: str, passwords: RolePasswords) -> DatabaseUrls:
    """Creates what is missing and sets the passwords. Roles are `<name>_owner`, `<name>_app`, `<name>_system`."""
    admin = await asyncpg.connect(admin_url, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        await admin.execute("select pg_advisory_lock($1)", _lock_of(name))
        for role, password in passwords._asdict().items():
            await _ensure_role(admin, f"{name}_{role}", password)
        await _ensure_database(admin, name)
        urls = database_urls(admin_url, name, passwords)
        await _grant_future_tables(urls.owner, name)
    finally:
        await admin.close()
    return urls


def database_urls(any_url: str, name: str, passwords: RolePasswords) -> DatabaseUrls:
    """The three addresses of database `name` on the server of `any_url`; asks no server."""
    addresses = (_address(any_url, name, f"{name}_{role}", secret) for role, secret in passwords._asdict().items())
    return DatabaseUrls(*addresses)


def role_url(app_url: str, role: str) -> str:
    """The address of a sibling role (`owner`, `system`) that has the same password as `<prefix>_app`."""
    parts = urlsplit(app_url)
    user = parts.username or ""
    if not user.endswith(f"_{APP}"):
        raise ValueError(f"the user of the database address must end with _{APP}")
    prefix = user.removesuffix(f"_{APP}")
    userinfo, _, host = parts.netloc.rpartition("@")
    _, colon, password = userinfo.partition(":")
    return urlunsplit(parts._replace(netloc=f"{prefix}_{role}{colon}{password}@{host}"))


async def grant_connect(admin: asyncpg.Connection, database: str, prefix: str) -> None:
    """Lets the roles of `prefix`, and no other, into `database`. A copy of a database starts without these grants."""
    await _run(admin, "revoke connect, temporary on database %I from public", database)
    for role in DatabaseUrls._fields:
        await _run(admin, "grant connect on database %I to %I", database, f"{prefix}_{role}")


async def _ensure_role(admin: asyncpg.Connection, role: str, password: str) -> None:
    if not await admin.fetchval("select exists (select from pg_roles where rolname = $1)", role):
        await _run(admin, "create role %I login", role)
    await _run(admin, "alter role %I with login password %L", role, password)


async def _ensure_database(admin: asyncpg.Connection, name: str) -> None:
    if not await admin.fetchval("select exists (select from pg_database where datname = $1)", name):
        if not await admin.fetchval("select rolsuper from pg_roles where rolname = current_user"):
            await _run(admin, "grant %I to current_user", f"{name}_{OWNER}")
        await _run(admin, "create database %I owner %I", name, f"{name}_{OWNER}")
    await grant_connect(admin, name, name)


async def _grant_future_tables(owner_url: str, name: str) -> None:
    owner = await asyncpg.connect(owner_url, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        for role in (APP, SYSTEM):
            grantee = f"{name}_{role}"
            await _run(owner, "alter default privileges grant select, insert, update, delete on tables to %I", grantee)
            await _run(owner, "alter default privileges grant usage on sequences to %I", grantee)
    finally:
        await owner.close()


async def _run(connection: asyncpg.Connection, template: str, *values: str) -> None:
    """Runs a statement that takes no parameters: the server itself quotes the values into it."""
    placeholders = ", ".join(f"${number}::text" for number in range(2, len(values) + 2))
    statement = await connection.fetchval(f"select format($1, {placeholders})", template, *values)
    await connection.execute(statement)


def _address(any_url: str, database: str, role: str, password: str) -> str:
    parts = urlsplit(any_url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}:{quote(password, safe='')}@{host}", path=f"/{database}"))


def _lock_of(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"prepare:{name}".encode(), digest_size=8).digest(), signed=True)
