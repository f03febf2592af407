"""The keys that sign access tokens: made once per installation, sealed in the database, held open in memory."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth_service.signing_keys import repository
from auth_service.signing_keys.domain import LEAD, SigningKey, key_set, new_signing_key, signer_at
from auth_service.signing_keys.repository import SealedKey
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.questions import SigningKeys, SigningKeysAnswer
from shared.sealing import Seal, SealError
from shared.settings import SettingsError

REOPEN_SECONDS = 30.0  # a small part of the time that a new key is published before it signs


class KeyRing:
    """Empty until `open`, which the start of the app waits for."""

    def __init__(self, database: Database, seal: Seal, clock: Clock) -> None:
        self._database = database
        self._seal = seal
        self._clock = clock
        self._keys: list[SigningKey] = []
        self._published = b""

    @property
    def current(self) -> SigningKey:
        """The key to sign with: replicas change to a new one at the same moment, whenever they read it."""
        return signer_at(self._keys, self._clock.now())

    @property
    def published(self) -> bytes:
        """The public parts of all keys that verify, as the JSON text of a JWK set."""
        return self._published

    async def open(self) -> None:
        """Makes the first key if there is none. Raises SettingsError under another secret than theirs."""
        async with self._database.system_work() as work:
            await repository.lock_keys(work)
            stored = await repository.list_active(work)
            keys = [self._opened(key) for key in stored]
            if not keys:
                keys = [await self._add(work, new_signing_key(self._clock.now()))]
        self._keys, self._published = keys, key_set(keys)

    async def rotate(self) -> SigningKey:
        """Adds the key that signs next, or finds it when that was done a moment ago."""
        async with self._database.system_work() as work:
            await repository.lock_keys(work)
            now = self._clock.now()
            keys = [self._opened(key) for key in await repository.list_active(work)]
            if keys and keys[0].signs_from > now:
                return keys[0]
            return await self._add(work, new_signing_key(now + LEAD if keys else now))

    async def answer(self, _question: SigningKeys) -> SigningKeysAnswer:
        return SigningKeysAnswer(jwks=self._published.decode())

    async def _add(self, work: Work, key: SigningKey) -> SigningKey:
        sealed = self._seal.close(key.private_key.private_bytes_raw(), place=key.id)
        await repository.add_key(work, key, sealed, self._clock.now())
        return key

    def _opened(self, stored: SealedKey) -> SigningKey:
        try:
            raw = self._seal.open(stored.sealed_private_key, place=stored.id)
        except SealError as error:
            raise SettingsError("KEY_ENCRYPTION_SECRET is not the one that the stored signing keys need") from error
        return SigningKey(stored.id, Ed25519PrivateKey.from_private_bytes(raw), stored.signs_from)
