"""`python -m shared.messaging.deadletters list|show|replay`: what nobody could handle, and putting it back.

With AMQP_URL it talks to RabbitMQ, without it looks into the folder of the in-process bus under TESSERA_HOME; a running
stack replays from there within a second.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol
from uuid import UUID

from shared.messaging.dead_letter_files import DeadLetter, DeadLetterFiles
from shared.messaging.queues import CONSUMER_QUEUES
from shared.messaging.rabbitmq.dead_letters import RabbitDeadLetters
from shared.settings import environment_with_dotenv


class DeadLetters(Protocol):
    async def read(self, queue: str | None = None) -> list[DeadLetter]:
        """Oldest first in each queue; of all queues if none is named."""

    async def replay(self, letters: Collection[DeadLetter]) -> None:
        """Deliver again, as a first attempt, to the queue each one comes from."""


class FolderDeadLetters:
    def __init__(self, folder: Path) -> None:
        self._files = DeadLetterFiles(folder)

    async def read(self, queue: str | None = None) -> list[DeadLetter]:
        return await asyncio.to_thread(self._files.read, queue)

    async def replay(self, letters: Collection[DeadLetter]) -> None:
        for letter in letters:
            await asyncio.to_thread(self._files.mark, letter)


def dead_letter_folder(home: Path) -> Path:
    """Where the in-process bus of a stack with this TESSERA_HOME keeps its dead letters."""
    return home / "dead-letters"


def open_dead_letters(environ: Mapping[str, str]) -> DeadLetters:
    if url := environ.get("AMQP_URL"):
        return RabbitDeadLetters(url, CONSUMER_QUEUES)
    return FolderDeadLetters(dead_letter_folder(Path(environ.get("TESSERA_HOME", ".tessera"))))


async def run(arguments: argparse.Namespace, dead_letters: DeadLetters) -> int:
    """The exit status: 1 when nothing fits the arguments."""
    letters = await dead_letters.read(arguments.queue)
    if arguments.id:
        letters = [letter for letter in letters if letter.id == arguments.id]
    if arguments.command == "replay":
        await dead_letters.replay(letters)
    for letter in letters:
        print(_full(letter) if arguments.command == "show" else _line(letter))
    print(f"{len(letters)} {'replayed' if arguments.command == 'replay' else 'found'}", file=sys.stderr)
    return 0 if letters or arguments.command == "list" else 1


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m shared.messaging.deadletters", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("list", "one line each"), ("show", "with the message itself"), ("replay", "deliver again")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--queue", help="only of this queue, for instance project.events")
        which = command.add_mutually_exclusive_group(required=name != "list")
        which.add_argument("--id", type=UUID, help="only this message")
        which.add_argument("--all", action="store_true", help="every one of them")
    return parser.parse_args(arguments)


def _line(letter: DeadLetter) -> str:
    return f"{letter.died:%Y-%m-%dT%H:%M:%SZ}  {letter.queue}  {letter.id}  {letter.type}  {letter.reason}"


def _full(letter: DeadLetter) -> str:
    attempts = f"attempts: {letter.attempt}, first failed: {letter.first_failed:%Y-%m-%dT%H:%M:%SZ}"
    return f"{_line(letter)}\n{attempts}\n{letter.body.decode(errors='replace')}\n"


if __name__ == "__main__":
    sys.exit(asyncio.run(run(parse(sys.argv[1:]), open_dead_letters(environment_with_dotenv(os.environ)))))
