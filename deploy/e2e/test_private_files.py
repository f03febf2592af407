"""What a stack writes on its machine is for its owner only."""

import stat
from pathlib import Path

from deploy.api_client import ApiClient
from deploy.embedded.postgres_home import remove_data
from deploy.stack_process import EMBEDDED, StackProcess, stack_process
from shared.testing.eventually import eventually

READABLE = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


def mode_of(path: Path) -> int:
    """The mode of `path` itself; 0 when it is gone, as the part of a mail is once the mail is whole."""
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return 0


def open_to_others(home: Path) -> list[str]:
    """Everything in `home`, the folder itself included, that group or others may read or write."""
    modes = {path: mode_of(path) for path in (home, *home.rglob("*"))}
    return [
        f"{stat.filemode(mode)} {path.relative_to(home)}"
        for path, mode in modes.items()
        if not stat.S_ISLNK(mode) and mode & READABLE
    ]


async def test_nobody_else_can_read_what_a_stack_writes(stack: StackProcess, ada: ApiClient) -> None:
    home = Path(stack.environ["TESSERA_HOME"])
    await ada.expect(204, "POST", "/auth/forgot-password", {"email": ada.user["email"]})
    await eventually(lambda: any((home / "mail").glob("*.eml")))

    assert open_to_others(home) == []


async def test_an_older_home_is_closed_at_the_next_start_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    mail, foreign = tmp_path / "mail", tmp_path / "notes.txt"
    mail.mkdir(mode=0o755)
    for path in (mail / "letter.eml", tmp_path / "tessera.log", foreign):
        path.write_text("old")
        path.chmod(0o644)

    async with stack_process(EMBEDDED, tmp_path):
        assert open_to_others(tmp_path) == ["-rw-r--r-- notes.txt"]
    remove_data(tmp_path / "postgres")
