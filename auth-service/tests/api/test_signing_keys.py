"""The keys that sign: one set per installation, sealed at rest, published without their private parts."""

import asyncio

import pytest
from auth_builders import auth_settings
from auth_client import AuthClient, RunAuth
from auth_fakes import SettableClock

from auth_service.signing_keys.service import KeyRing
from shared.db.databases import Database
from shared.events.questions import SigningKeys
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.sealing import Seal
from shared.settings import SettingsError

SECRET = auth_settings().key_encryption_secret


async def test_the_public_keys_are_published_for_caches(auth: AuthClient) -> None:
    answer = await auth.send("GET", "/.well-known/jwks.json")

    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    [key] = answer.json["keys"]
    assert set(key) == {"kty", "crv", "use", "alg", "kid", "x"}
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")


async def test_the_same_keys_are_answered_over_the_bus(auth: AuthClient, bus: MemoryBus) -> None:
    published = await auth.send("GET", "/.well-known/jwks.json")

    answer = await Requests(bus).ask(SigningKeys())

    assert answer.jwks.encode() == published.body


async def test_replicas_that_start_together_agree_on_one_key(databases: list[Database], clock: SettableClock) -> None:
    rings = [KeyRing(databases[n % 2], Seal(SECRET, "signing keys"), clock) for n in range(6)]

    await asyncio.gather(*(ring.open() for ring in rings))

    assert len({ring.published for ring in rings}) == 1
    assert len({ring.current.id for ring in rings}) == 1


async def test_a_restarted_service_signs_with_the_key_it_had(run_auth: RunAuth, database: Database) -> None:
    async with run_auth(database) as before:
        first = await before.send("GET", "/.well-known/jwks.json")
    async with run_auth(database) as after:
        second = await after.send("GET", "/.well-known/jwks.json")

    assert first.body == second.body


async def test_a_retired_key_signs_no_more(database: Database, clock: SettableClock) -> None:
    first, second = (KeyRing(database, Seal(SECRET, "signing keys"), clock) for _ in range(2))
    await first.open()
    async with database.system_work() as work:
        await work.execute("update signing_keys set retired_at = now()")

    await second.open()

    assert second.current.id != first.current.id


async def test_the_service_does_not_start_with_another_secret_than_the_keys_were_sealed_with(
    run_auth: RunAuth, database: Database
) -> None:
    async with run_auth(database):
        pass

    with pytest.raises(SettingsError, match="KEY_ENCRYPTION_SECRET"):
        async with run_auth(database, key_encryption_secret="another-secret-of-at-least-32-bytes!"):
            pass


async def test_the_private_part_is_not_readable_in_the_database(database: Database, clock: SettableClock) -> None:
    ring = KeyRing(database, Seal(SECRET, "signing keys"), clock)
    await ring.open()

    [stored] = await database.system_rows("select sealed_private_key, public_key from signing_keys")

    assert ring.current.private_key.private_bytes_raw() not in stored["sealed_private_key"]
    assert ring.current.public_bytes == stored["public_key"]
