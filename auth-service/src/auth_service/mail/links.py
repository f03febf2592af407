"""Addresses of the web app that we mail to people: below PUBLIC_WEB_URL and nowhere else."""

from urllib.parse import quote


class WebLinks:
    def __init__(self, public_web_url: str) -> None:
        self._root = public_web_url.rstrip("/")

    @property
    def app(self) -> str:
        return self._root

    @property
    def forgot_password(self) -> str:
        return f"{self._root}/forgot-password"

    def verify_email(self, token: str) -> str:
        return self._with_token("verify-email", token)

    def reset_password(self, token: str) -> str:
        return self._with_token("reset-password", token)

    def accept_invitation(self, token: str) -> str:
        return self._with_token("accept-invitation", token)

    def _with_token(self, page: str, token: str) -> str:
        return f"{self._root}/{page}?token={quote(token, safe='')}"
