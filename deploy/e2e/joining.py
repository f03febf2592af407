"""A second person of a tenant: invited by mail, as anybody is."""

from pathlib import Path

from deploy.api_client import ApiClient
from deploy.mail_folder import mailed_token, prove_address


async def join(owner: ApiClient, guest: ApiClient, name: str, mail: Path) -> ApiClient:
    """Somebody who is invited by mail makes an account in the owner's tenant."""
    await prove_address(owner, mail)
    email = f"{name.lower()}.{owner.user['id']}@example.com"
    await owner.expect(201, "POST", "/invitations", {"email": email, "role": "developer"})
    token = await mailed_token(mail, email, "accept-invitation")
    body = {"email": email, "password": "correct horse battery", "first_name": name, "last_name": "Example"}
    answer = await guest.expect(201, "POST", "/auth/register", {**body, "invitation_token": token})
    guest.user, guest.tokens = answer.data["user"], answer.data["tokens"]
    return guest
