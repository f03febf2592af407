"""What every recorded release left behind is read as it was, after the migrations of today."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.postgres_home import remove_data
from deploy.quality.upgrade.reads import differences, read_all
from deploy.quality.upgrade.recording import SECRETS, load, recorded_versions, restore
from deploy.stack_process import EMBEDDED, stack_process

SETTINGS = {**SECRETS, "RATE_LIMIT_SCALE": "1000"}


@pytest.fixture
def home(folder: Path) -> Iterator[Path]:
    yield folder
    remove_data(folder / "postgres")


@pytest.mark.parametrize("version", recorded_versions(), ids=lambda folder: folder.name)
async def test_everything_of_a_recorded_release_reads_as_it_did(version: Path, home: Path):
    recording = load(version)
    await restore(version, home)

    async with stack_process(EMBEDDED, home, SETTINGS) as stack:
        answers = await read_all(stack.url, recording.accounts, recording.names)

    assert list(differences(recording.answers, answers)) == []


def test_a_recorded_field_that_is_missing_or_other_is_a_difference():
    recorded = {"items": [{"id": 1, "name": "Apollo"}]}

    assert list(differences(recorded, {"items": [{"id": 1}]})) == [
        ".items[0].name: 'Apollo' was recorded, '(missing)' is read"
    ]
    assert list(differences(recorded, {"items": [{"id": 1, "name": "Apollon"}]})) != []
    assert list(differences(recorded, {"items": []})) != []


def test_new_fields_and_other_forms_of_a_moment_are_no_difference():
    recorded = {"created_at": "2026-11-30T09:00:00.5Z"}

    assert list(differences(recorded, {"created_at": "2026-11-30T09:00:00.500000Z", "new": 1})) == []


def test_release_0_1_0_is_recorded():
    assert "0.1.0" in [folder.name for folder in recorded_versions()]
