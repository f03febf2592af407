"""How often something may be tried."""

from datetime import timedelta
from typing import NamedTuple


class Limit(NamedTuple):
    """`allowed` attempts in a window that begins with the first of them."""

    name: str
    allowed: int
    window: timedelta

    def scaled(self, factor: float) -> "Limit":
        return self._replace(allowed=max(1, int(self.allowed * factor)))


LOGIN_PER_ACCOUNT_AND_ADDRESS = Limit("login", 5, timedelta(minutes=15))
LOGIN_PER_ADDRESS = Limit("login-address", 50, timedelta(minutes=15))
LOGIN_PER_KNOWN_DEVICE = Limit("login-device", 5, timedelta(minutes=15))
PASSWORD_PER_ACCOUNT = Limit("password", 5, timedelta(minutes=15))
"""For whoever is signed in and shows the password again: by account and address too."""
REGISTER_PER_ADDRESS = Limit("register", 3, timedelta(hours=1))
REGISTER_PER_ADDRESS_A_DAY = Limit("register-day", 20, timedelta(days=1))
"""Each may be mailed to an address that is somebody else's."""
FORGOT_PER_ADDRESS = Limit("forgot", 20, timedelta(hours=1))
"""Of a network, whoever is asked about: it mails to owners of accounts who did not ask."""
ACCOUNTS_PER_ADDRESS = Limit("accounts", 20, timedelta(hours=1))
"""Made by administrators for others: more than registrations, for whole teams come at once, and bounded as they are,
because every account may own tenants."""
CODES_PER_ACCOUNT = Limit("codes", 20, timedelta(days=1))
"""Six digits are few: from any number of addresses one account's may be guessed at this often, which takes a lucky
guesser decades. Recovery codes are too long to guess and do not count, so nobody is locked out who has one."""
EXPORTS_PER_ACCOUNT = Limit("export", 5, timedelta(days=1))


class Claim(NamedTuple):
    """One attempt of `subject` under a limit."""

    limit: Limit
    subject: str
