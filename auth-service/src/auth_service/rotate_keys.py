"""`python -m auth_service.rotate_keys`: adds the next signing key; run it as a job, as often as keys should change.

Running replicas publish the key within a minute and sign with it once everybody can know it. Repeating the command
before then changes nothing.
"""

import asyncio
import os
import sys

from auth_service.settings import AuthSettings, database_config
from auth_service.signing_keys.domain import SigningKey
from auth_service.signing_keys.service import KeyRing
from shared.clock import SystemClock
from shared.db.databases import open_databases
from shared.db.failures import DatabaseUnavailable
from shared.sealing import Seal
from shared.settings import SettingsError, environment_with_dotenv, read_settings

SEAL_PURPOSE = "signing keys"


async def rotate(settings: AuthSettings) -> SigningKey:
    config = database_config(settings)
    async with open_databases(config) as databases:
        ring = KeyRing(databases[config.name], Seal(settings.key_encryption_secret, SEAL_PURPOSE), SystemClock())
        return await ring.rotate()


def main() -> None:
    try:
        settings = read_settings(AuthSettings, environment_with_dotenv(os.environ))
        key = asyncio.run(rotate(settings))
    except (SettingsError, DatabaseUnavailable) as error:
        sys.exit(f"the signing keys were not changed: {error}")
    sys.stdout.write(f"key {key.id} signs from {key.signs_from.isoformat()}\n")


if __name__ == "__main__":
    main()
