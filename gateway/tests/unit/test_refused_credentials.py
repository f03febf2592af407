"""What was refused a moment ago is refused again at once, for a little while, in a bounded room."""

import pytest

from gateway.credentials import Credential
from gateway.refused_credentials import REFUSAL_KEPT_SECONDS, RefusedCredentials
from shared.errors import InvalidToken, TokenExpired
from shared.introspection import CredentialKind


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


TOKEN = Credential("a.b.c")


def test_a_refusal_is_repeated_until_it_is_too_old() -> None:
    clock = Clock()
    refused = RefusedCredentials(clock)
    refused.check(TOKEN)
    refused.remember(TOKEN, TokenExpired)

    clock.now += REFUSAL_KEPT_SECONDS - 0.1
    with pytest.raises(TokenExpired):
        refused.check(TOKEN)

    clock.now += 0.1
    refused.check(TOKEN)


def test_a_credential_of_another_kind_is_another_credential() -> None:
    refused = RefusedCredentials()
    refused.remember(Credential("same", CredentialKind.API_KEY), InvalidToken)

    refused.check(Credential("same", CredentialKind.SESSION_COOKIE))
    refused.check(Credential("same"))


def test_the_oldest_refusals_make_room() -> None:
    refused = RefusedCredentials(remembered=3)
    for number in range(3):
        refused.remember(Credential(f"{number}"), InvalidToken)
    refused.remember(Credential("0"), InvalidToken)
    refused.remember(Credential("3"), InvalidToken)

    assert len(refused) == 3
    refused.check(Credential("1"))
    for text in ("0", "2", "3"):
        with pytest.raises(InvalidToken):
            refused.check(Credential(text))
