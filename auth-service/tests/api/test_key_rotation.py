"""A new signing key takes over without anybody being refused."""

import asyncio
import sys
from pathlib import Path

import jwt
import msgspec
import pytest
from auth_builders import auth_settings
from auth_client import AuthClient
from auth_fakes import SettableClock

from auth_service.signing_keys import repository
from auth_service.signing_keys.domain import LEAD, OVERLAP
from auth_service.signing_keys.service import REOPEN_SECONDS, KeyRing
from shared.access_tokens import KEYS_MAX_AGE_SECONDS, AccessTokenVerifier, mint_access_token
from shared.db.databases import Database, DatabaseConfig
from shared.ids import new_id
from shared.principal import Principal, Role
from shared.sealing import Seal

SECRET = auth_settings().key_encryption_secret
TOKEN_MINUTES = 60  # the longest life that settings allow
MINUTES = TOKEN_MINUTES * 4


def ring_of(database: Database, clock: SettableClock) -> KeyRing:
    return KeyRing(database, Seal(SECRET, "signing keys"), clock)


async def test_no_token_is_refused_during_a_rotation(databases: list[Database], clock: SettableClock) -> None:
    """Each minute both replicas mint; whoever verifies knows keys that are five minutes and a reload old."""
    replicas = [ring_of(database, clock) for database in databases]
    for replica in replicas:
        await replica.open()
    published: list[bytes] = []
    minted: list[tuple[int, str]] = []
    stale = int((KEYS_MAX_AGE_SECONDS + REOPEN_SECONDS) // 60) + 1
    for minute in range(MINUTES):
        if minute == 30:
            await replicas[0].rotate()
        await replicas[minute % 2].open()
        published.append(replicas[minute % 2].published)
        minted += [(minute, token_of(replica, clock)) for replica in replicas]
        await refuse_nothing(published[max(0, minute - stale)], minted, minute, clock)
        await retire(databases[0], clock)
        clock.advance(minutes=1)

    signers = [jwt.get_unverified_header(token)["kid"] for _, token in minted]
    assert len(set(signers)) == 2
    assert len(msgspec.json.decode(published[-1])["keys"]) == 1


async def test_a_new_key_is_published_before_it_signs(database: Database, clock: SettableClock) -> None:
    ring = ring_of(database, clock)
    await ring.open()
    old = ring.current.id

    new = (await ring.rotate()).id
    await ring.open()
    kids = {key["kid"] for key in msgspec.json.decode(ring.published)["keys"]}
    signer_before = ring.current.id
    clock.advance(seconds=LEAD.total_seconds())

    assert kids == {old, new}
    assert (signer_before, ring.current.id) == (old, new)


async def test_jobs_that_run_together_add_one_key(databases: list[Database], clock: SettableClock) -> None:
    rings = [ring_of(databases[number % 2], clock) for number in range(6)]
    await rings[0].open()

    keys = await asyncio.gather(*(ring.rotate() for ring in rings))

    assert len({key.id for key in keys}) == 1


async def test_a_replaced_key_is_published_as_long_as_its_tokens_live_and_then_erased(
    database: Database, clock: SettableClock
) -> None:
    ring = ring_of(database, clock)
    await ring.open()
    old = ring.current.id
    await ring.rotate()

    clock.advance(seconds=(LEAD + OVERLAP).total_seconds() - 1)
    early = await retire(database, clock)
    clock.advance(seconds=1)
    due = await retire(database, clock)
    await ring.open()

    [erased] = await database.system_rows(
        "select id, sealed_private_key from signing_keys where retired_at is not null"
    )
    assert (early, due) == (0, 1)
    assert erased == {"id": old, "sealed_private_key": b""}
    assert old.encode() not in ring.published


async def test_the_only_key_is_never_retired(database: Database, clock: SettableClock) -> None:
    await ring_of(database, clock).open()
    clock.advance(days=400)

    assert await retire(database, clock) == 0


async def test_the_command_adds_a_key_to_a_running_installation(
    auth: AuthClient, config: DatabaseConfig, database: Database
) -> None:
    code, output = await rotate_keys(config)

    [stored] = await database.system_rows("select id, signs_from from signing_keys order by created_at desc limit 1")
    assert (code, output) == (0, f"key {stored['id']} signs from {stored['signs_from'].isoformat()}\n")


async def test_the_command_changes_nothing_under_another_secret(auth: AuthClient, config: DatabaseConfig) -> None:
    code, output = await rotate_keys(config, KEY_ENCRYPTION_SECRET="another-secret-of-at-least-32-bytes!")

    assert code == 1
    assert "KEY_ENCRYPTION_SECRET" in output


async def rotate_keys(config: DatabaseConfig, **changes: str) -> tuple[int | None, str]:
    settings = auth_settings()
    environ = {
        "PYTHONPATH": ":".join(sys.path),
        "DATABASE_URL_AUTH": config.url,
        "DATABASE_URL_AUTH_SYSTEM": config.system_url,
        "INTERNAL_SECRET": settings.internal_secret,
        "KEY_ENCRYPTION_SECRET": settings.key_encryption_secret,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "auth_service.rotate_keys", env=environ | changes, cwd=Path(__file__).parent,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def refuse_nothing(key_set: bytes, minted: list[tuple[int, str]], minute: int, clock: SettableClock) -> None:
    """One token of each minute's replicas and age is looked at: signatures cost time."""

    async def published() -> bytes:
        return key_set

    verifier = AccessTokenVerifier(published, clock)
    for _, token in minted[-2:]:
        await verifier.verify(token)
    oldest = [token for made, token in minted if made == minute - TOKEN_MINUTES + 1]
    for token in oldest:
        await verifier.verify(token)


async def retire(database: Database, clock: SettableClock) -> int:
    async with database.system_work() as work:
        return await repository.retire_replaced(work, clock.now())


def token_of(ring: KeyRing, clock: SettableClock) -> str:
    who = Principal(user_id=new_id(), tenant_id=new_id(), session_id=new_id(), role=Role.OWNER)
    key = ring.current
    return mint_access_token(who, key.private_key, key.id, clock.now(), TOKEN_MINUTES * 60)


@pytest.mark.parametrize("age", [KEYS_MAX_AGE_SECONDS, 2 * REOPEN_SECONDS])
def test_the_lead_is_longer_than_anybody_keeps_old_keys(age: float) -> None:
    assert LEAD.total_seconds() > 2 * age
