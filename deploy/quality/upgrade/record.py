"""Records this release: `python -m deploy.quality.upgrade.record [VERSION]`, before the next one changes a table."""

import asyncio
import sys
import tempfile
from pathlib import Path

from deploy.api_client import api_client
from deploy.console import say
from deploy.demo import Story
from deploy.embedded.postgres_home import remove_data
from deploy.quality.upgrade.reads import read_all, sign_in
from deploy.quality.upgrade.recording import FOLDER, SECRETS, Recording, save
from deploy.quality.upgrade.walk import Account, walk
from deploy.stack_process import EMBEDDED, stack_process
from deploy.supervision.ports import free_port
from shared.testing.eventually import eventually


async def record(folder: Path) -> None:
    receiver_port = free_port()
    settings = {**SECRETS, "RATE_LIMIT_SCALE": "1000", "OUTBOUND_ALLOW": f"127.0.0.1:{receiver_port}"}
    with tempfile.TemporaryDirectory(prefix="tessera-recording-") as room:
        home = Path(room)
        async with stack_process(EMBEDDED, home, settings) as stack:
            async with api_client(stack.url) as ada, api_client(stack.url) as stranger:
                await Story(stack.url, ada, stranger, home / "mail").play()
            accounts, names = await walk(stack.url, home / "mail", receiver_port)
            for person in ("ada", "grace", "mallory"):
                await _introduce_device(stack.url, accounts[person])
            answers = await read_all(stack.url, accounts, names)
        await save(Recording(accounts, names, answers), home, folder)
        remove_data(home / "postgres")
    say(f"Recorded in {folder}")


async def _introduce_device(url: str, account: Account) -> None:
    """The device of all readers signs in for the first time here, so that the alert about it is in the recording."""
    async with api_client(url) as client:
        await sign_in(client, account)

        async def is_notified() -> bool:
            notifications = await client.expect(200, "GET", "/notifications?page_size=100")
            return any(item["kind"] == "security" for item in notifications.body["items"])

        await eventually(is_notified, within=30.0)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m deploy.quality.upgrade.record VERSION")
    asyncio.run(record(FOLDER / sys.argv[1]))


if __name__ == "__main__":
    main()
