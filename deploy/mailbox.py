"""The mails of a stack that has no server for them: files, one a mail."""

import asyncio
import re
from email import message_from_bytes, policy
from pathlib import Path

WAIT_SECONDS = 30.0
_TOKEN = re.compile(r"token=([\w-]+)")


class Mailbox:
    """`folder` need not be there before the first mail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: set[str] = set()

    async def next_token(self, recipient: str) -> str:
        """From the next mail to this address."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                for file in sorted(self._folder.glob("*.eml")):
                    if file.name in self._read:
                        continue
                    self._read.add(file.name)
                    message = message_from_bytes(file.read_bytes(), policy=policy.default)
                    body = message.get_body(("plain",))
                    if message["To"] == recipient and body is not None:
                        return str(_TOKEN.findall(body.get_content())[0])
                await asyncio.sleep(0.01)
