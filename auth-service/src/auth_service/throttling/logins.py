"""Who may try a password: few tries for one account from one address, more from one address, none lost by the owner."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from auth_service.accounts.repository import find_address
from auth_service.throttling.domain import (
    LOGIN_PER_ACCOUNT_AND_ADDRESS,
    LOGIN_PER_ADDRESS,
    LOGIN_PER_KNOWN_DEVICE,
    REGISTER_PER_ADDRESS,
    REGISTER_PER_ADDRESS_A_DAY,
    Claim,
)
from auth_service.throttling.known_devices import KnownDevices
from auth_service.throttling.service import AttemptLimits
from shared.address_prefix import address_prefix
from shared.caller import Caller
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.email_address import email_identity


class Device(NamedTuple):
    """Where somebody signs in, and the cookie that it shows as proof of having done so before."""

    caller: Caller
    cookie: str | None


class LoginGate:
    """Nothing here asks whether there is such an account: an unknown one is counted like any other."""

    def __init__(self, database: Database, limits: AttemptLimits, devices: KnownDevices) -> None:
        self._database = database
        self._limits = limits
        self._devices = devices

    async def admit(self, email: str, device: Device) -> Sequence[Claim]:
        """Returns what was taken, for giving it back. Raises TooManyRequests."""
        claims = self._claims(email, device, await self._known_id(email, device))
        await self._limits.take(*claims)
        return claims

    async def introduction(self, work: Work, email: str, device: Device) -> str | None:
        """The cookie for a device that signs in to this account for the first time; None when it has one."""
        proven_at = await _proven_at(work, email)
        is_known = self._devices.recognise(device.cookie, email, proven_at) is not None
        return None if is_known else self._devices.introduce(email, proven_at)

    async def _known_id(self, email: str, device: Device) -> str | None:
        if device.cookie is None:
            return None
        async with self._database.system_work() as work:
            return self._devices.recognise(device.cookie, email, await _proven_at(work, email))

    def _claims(self, email: str, device: Device, known_id: str | None) -> Sequence[Claim]:
        account, prefix = email_identity(email), address_prefix(device.caller.address)
        if known_id is not None:
            return (Claim(LOGIN_PER_KNOWN_DEVICE, f"{account}\n{known_id}"),)
        narrow = Claim(LOGIN_PER_ACCOUNT_AND_ADDRESS, f"{account}\n{prefix}")
        return (narrow, Claim(LOGIN_PER_ADDRESS, prefix))


async def _proven_at(work: Work, email: str) -> datetime | None:
    address = await find_address(work, email)
    return None if address is None else address.proven_at


def registration_claims(caller: Caller) -> tuple[Claim, ...]:
    prefix = address_prefix(caller.address)
    return (Claim(REGISTER_PER_ADDRESS, prefix), Claim(REGISTER_PER_ADDRESS_A_DAY, prefix))
