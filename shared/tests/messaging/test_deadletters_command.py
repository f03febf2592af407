"""`python -m shared.messaging.deadletters` over the folder of the in-process bus."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.ids import new_id
from shared.messaging.dead_letter_files import DeadLetter, DeadLetterFiles
from shared.messaging.deadletters import FolderDeadLetters, open_dead_letters, parse, run
from shared.messaging.rabbitmq.dead_letters import RabbitDeadLetters


def letter(queue: str = "project.events") -> DeadLetter:
    return DeadLetter(
        id=new_id(),
        queue=queue,
        type="auth.tenant.created",
        reason="ValueError: the handler failed 5 times.",
        attempt=5,
        first_failed=datetime(2026, 1, 1, 12, tzinfo=UTC),
        died=datetime(2026, 1, 1, 13, tzinfo=UTC),
        body=b'{"name": "Acme"}',
    )


@pytest.fixture
def files(tmp_path: Path) -> DeadLetterFiles:
    return DeadLetterFiles(tmp_path)


@pytest.fixture
def dead_letters(tmp_path: Path) -> FolderDeadLetters:
    return FolderDeadLetters(tmp_path)


async def test_list_shows_a_line_for_each_and_no_message(
    files: DeadLetterFiles, dead_letters: FolderDeadLetters, capsys: pytest.CaptureFixture[str]
) -> None:
    here, elsewhere = letter(), letter("auth.events")
    files.add(here)
    files.add(elsewhere)

    status = await run(parse(["list", "--queue", "project.events"]), dead_letters)

    output = capsys.readouterr().out
    assert status == 0
    assert str(here.id) in output
    assert "ValueError: the handler failed 5 times." in output
    assert str(elsewhere.id) not in output
    assert "Acme" not in output


async def test_show_prints_the_message(
    files: DeadLetterFiles, dead_letters: FolderDeadLetters, capsys: pytest.CaptureFixture[str]
) -> None:
    files.add(shown := letter())

    status = await run(parse(["show", "--id", str(shown.id)]), dead_letters)

    assert status == 0
    assert '{"name": "Acme"}' in capsys.readouterr().out


async def test_replay_marks_the_chosen_one_for_the_running_bus(
    files: DeadLetterFiles, dead_letters: FolderDeadLetters
) -> None:
    chosen, other = letter(), letter()
    files.add(chosen)
    files.add(other)

    status = await run(parse(["replay", "--id", str(chosen.id)]), dead_letters)

    assert status == 0
    assert await dead_letters.read() == [other]
    assert files.take_marked({"project.events"}) == [chosen]
    assert files.take_marked({"project.events"}) == []


async def test_a_letter_marked_for_a_queue_that_is_not_there_yet_waits(
    files: DeadLetterFiles, dead_letters: FolderDeadLetters
) -> None:
    files.add(letter("project.events"))
    await run(parse(["replay", "--all"]), dead_letters)

    assert files.take_marked({"auth.events"}) == []
    assert len(files.take_marked({"project.events"})) == 1


async def test_nothing_that_fits_is_a_failure(dead_letters: FolderDeadLetters) -> None:
    assert await run(parse(["replay", "--id", str(new_id())]), dead_letters) == 1
    assert await run(parse(["list"]), dead_letters) == 0


def test_the_environment_decides_where_to_look(tmp_path: Path) -> None:
    assert isinstance(open_dead_letters({"TESSERA_HOME": str(tmp_path)}), FolderDeadLetters)
    assert isinstance(open_dead_letters({"AMQP_URL": "amqp://localhost"}), RabbitDeadLetters)


def test_replay_has_to_say_what(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["replay"])
    assert "--id --all is required" in capsys.readouterr().err
