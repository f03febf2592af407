"""What a start finds in a folder: half-made, foreign and incomplete data."""

from pathlib import Path

import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.supervision.errors import FolderUnusable
from deploy.tests.notes import run
from deploy.tests.owners import eventually, owner


async def test_an_interrupted_initialisation_is_redone(folder: Path) -> None:
    def has_begun() -> bool:
        return any(folder.glob("initdb-*/data/PG_VERSION"))

    async with owner(EmbeddedPostgres, folder) as process:
        await eventually(has_begun)
        process.kill()
        await process.wait()

    async with EmbeddedPostgres(folder) as server:
        assert await run(server, "select 1") == 1
    assert not has_begun()


async def test_a_half_made_cluster_is_set_aside(folder: Path) -> None:
    (folder / "pgdata").mkdir(parents=True)
    folder.chmod(0o711)
    (folder / "pgdata" / "PG_VERSION").write_text("18\n")

    async with EmbeddedPostgres(folder) as server:
        assert await run(server, "select 1") == 1

    assert [path.name for path in folder.glob("pgdata.unfinished-*/*")] == ["PG_VERSION"]


async def test_a_cluster_of_another_version_is_left_alone(folder: Path) -> None:
    async with EmbeddedPostgres(folder):
        pass
    (folder / "pgdata" / "PG_VERSION").write_text("17\n")

    with pytest.raises(FolderUnusable, match="was made by PostgreSQL 17"):
        await EmbeddedPostgres(folder).start()


async def test_a_cluster_without_its_password_says_what_to_do(folder: Path) -> None:
    async with EmbeddedPostgres(folder):
        pass
    (folder / "postgres.password").unlink()

    with pytest.raises(FolderUnusable, match=r"postgres\.password is missing"):
        await EmbeddedPostgres(folder).start()
