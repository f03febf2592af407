"""An authenticator app in somebody's hand."""

import base64

from auth_client import AuthClient
from auth_fakes import SettableClock

from auth_service.mfa.totp import STEP_SECONDS, code_of, step_at
from shared.principal import Principal

MFA = "/api/v1/users/me/mfa"


class Authenticator:
    def __init__(self, secret: str, clock: SettableClock) -> None:
        self._secret = base64.b32decode(secret)
        self._clock = clock

    def code(self, steps_ahead: int = 0) -> str:
        return code_of(self._secret, step_at(self._clock.now()) + steps_ahead)

    def next_code(self) -> str:
        """One that nobody has shown yet."""
        self._clock.advance(seconds=STEP_SECONDS)
        return self.code()

    def wrong_code(self) -> str:
        near = {self.code(step) for step in (-1, 0, 1)}
        return next(text for text in ("000000", "111111", "222222", "333333") if text not in near)


async def begin_mfa(auth: AuthClient, who: Principal, clock: SettableClock) -> Authenticator:
    answer = await auth.send("POST", MFA, who=who)
    assert answer.status == 200, answer
    return Authenticator(answer.data["secret"], clock)


async def set_up_mfa(auth: AuthClient, who: Principal, clock: SettableClock) -> tuple[Authenticator, list[str]]:
    """With the recovery codes."""
    app = await begin_mfa(auth, who, clock)
    answer = await auth.send("POST", MFA + "/confirm", {"code": app.code()}, who=who)
    assert answer.status == 200, answer
    return app, answer.data["recovery_codes"]
