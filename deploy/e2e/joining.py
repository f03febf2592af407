"""A second person of a tenant: invited by mail, as anybody is."""

import re
from collections.abc import Sequence
from pathlib import Path
from quopri import decodestring

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

    await eventually(has_come, within=10.0)
    body = {"email": email, "password": "correct horse battery", "first_name": name, "last_name": "Example"}
    answer = await guest.expect(201, "POST", "/auth/register", {**body, "invitation_token": tokens[0]})
    guest.user, guest.tokens = answer.data["user"], answer.data["tokens"]
    return guest


def _tokens_for(email: str, mail: Path) -> Sequence[str]:
    letters = (decodestring(path.read_bytes()).decode() for path in mail.glob("*.eml"))
    found = (re.search(r"accept-invitation\?token=([\w-]+)", text) for text in letters if f"To: {email}" in text)
    return [match[1] for match in found if match]
