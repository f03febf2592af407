"""A second person of a tenant: invited by mail, as anybody is."""

import re
from collections.abc import Sequence
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from deploy.api_client import ApiClient
from shared.testing.eventually import eventually


async def join(owner: ApiClient, guest: ApiClient, name: str, mail: Path) -> ApiClient:
    """Somebody who is invited by mail makes an account in the owner's tenant."""
    email = f"{name.lower()}.{owner.user['id']}@example.com"
    await owner.expect(201, "POST", "/invitations", {"email": email, "role": "developer"})
    tokens: list[str] = []

    def has_come() -> bool:
        tokens[:] = _tokens_for(email, mail)
        return bool(tokens)

    await eventually(has_come, within=30.0)
    body = {"email": email, "password": "correct horse battery", "first_name": name, "last_name": "Example"}
    answer = await guest.expect(201, "POST", "/auth/register", {**body, "invitation_token": tokens[0]})
    guest.user, guest.tokens = answer.data["user"], answer.data["tokens"]
    return guest


def _tokens_for(email: str, mail: Path) -> Sequence[str]:
    letters = (message_from_bytes(path.read_bytes(), policy=default) for path in mail.glob("*.eml"))
    texts = (letter.get_body(("plain",)) for letter in letters if letter["To"] == email)
    found = (re.search(r"accept-invitation\?token=([\w-]+)", text.get_content()) for text in texts if text)
    return [match[1] for match in found if match]
