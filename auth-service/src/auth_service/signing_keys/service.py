"""The keys that sign access tokens: made once per installation, sealed in the database, held open in memory."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth_service.sealing import Seal, SealError
from auth_service.signing_keys import repository
from auth_service.signing_keys.domain import SigningKey, key_set, new_signing_key
from auth_service.signing_keys.repository import SealedKey
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.questions import SigningKeys, SigningKeysAnswer
from shared.settings import SettingsError


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
        """The key to sign with."""
        return self._keys[0]

    @property
    def published(self) -> bytes:
        """The public parts of all keys that verify, as the JSON text of a JWK set."""
        return self._published

    async def open(self) -> None:
        """Makes the first key if there is none. Raises SettingsError under another secret than theirs."""
        async with self._database.system_work() as work:
            await repository.lock_keys(work)
            stored = await repository.list_active(work)
            keys = [self._opened(key) for key in stored] or [await self._make(work)]
        self._keys, self._published = keys, key_set(keys)

    async def answer(self, _question: SigningKeys) -> SigningKeysAnswer:
        return SigningKeysAnswer(jwks=self._published.decode())

    async def _make(self, work: Work) -> SigningKey:
        key = new_signing_key()
        sealed = self._seal.close(key.private_key.private_bytes_raw(), place=key.id)
        await repository.add_key(work, key, sealed, self._clock.now())
        return key

    def _opened(self, stored: SealedKey) -> SigningKey:
        try:
            raw = self._seal.open(stored.sealed_private_key, place=stored.id)
        except SealError as error:
            raise SettingsError("KEY_ENCRYPTION_SECRET is not the one that the stored signing keys need") from error
        return SigningKey(stored.id, Ed25519PrivateKey.from_private_bytes(raw))
