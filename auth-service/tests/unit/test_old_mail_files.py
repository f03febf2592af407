"""Mail in the folder goes after a month, and nothing else that is there."""

import os
from datetime import timedelta
from pathlib import Path

from auth_service.mail.old_files import OldMailFiles
from shared.clock import SystemClock


async def test_mail_files_are_deleted_after_a_month(tmp_path: Path) -> None:
    clock = SystemClock()
    for name, age in (("old.eml", 31), ("young.eml", 29), ("notes.txt", 31), (".old.part", 31)):
        file = tmp_path / name
        file.touch()
        written_at = (clock.now() - timedelta(days=age)).timestamp()
        os.utime(file, (written_at, written_at))

    deleted = await OldMailFiles(tmp_path, clock).delete()

    assert deleted == 1
    assert {file.name for file in tmp_path.iterdir()} == {"young.eml", "notes.txt", ".old.part"}


async def test_without_a_folder_there_is_nothing_to_delete(tmp_path: Path) -> None:
    assert await OldMailFiles(tmp_path / "mail", SystemClock()).delete() == 0
