"""Mail that a stack has put into its folder, read as people read it: for the link that it has."""

import re
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from deploy.api_client import ApiClient
from shared.testing.eventually import eventually

WAIT_SECONDS = 30.0  # mail leaves at once; a loaded machine takes longer


def mail_folder(environ: dict[str, str]) -> Path:
    """Of the stack with these settings."""
    return Path(environ["TESSERA_HOME"]) / "mail"


async def mailed_token(folder: Path, email: str, page: str) -> str:
    """The token of the newest link to `page` of the web app that was mailed to this address."""
    tokens: list[str] = []

    def has_come() -> bool:
        tokens[:] = _tokens(folder, email, page)[:1]
        return bool(tokens)

    await eventually(has_come, within=WAIT_SECONDS)
    return tokens[0]


async def prove_address(person: ApiClient, folder: Path) -> ApiClient:
    """Opens the link of the verification letter, unless the address is proven; their session goes on."""
    if not person.user["email_verified"]:
        token = await mailed_token(folder, person.user["email"], "verify-email")
        await person.expect(204, "POST", "/auth/verify-email", {"token": token})
        person.user["email_verified"] = True
    return person


def _tokens(folder: Path, email: str, page: str) -> list[str]:
    """Newest first: files are named by ids in the order of time."""
    link = re.compile(rf"/{page}\?token=([\w-]+)")
    found = (link.search(_text(path, email)) for path in sorted(folder.glob("*.eml"), reverse=True))
    return [match[1] for match in found if match]


def _text(path: Path, recipient: str) -> str:
    """Empty for a letter to somebody else."""
    message = message_from_bytes(path.read_bytes(), policy=default)
    body = message.get_body(("plain",)) if message["To"] == recipient else None
    return body.get_content() if body else ""
