"""Who may come in: the credential of a request, and the limits of whoever sends it.

Strangers are counted by address before anything is done for them, callers by user and tenant once they are known.
A credential that has to be looked into counts for its address until it turns out good, so guessing is slowed down.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from gateway.admission import Admission
from gateway.authentication import Authenticator
from gateway.canonical_path import Target
from gateway.cors import Cors
from gateway.credentials import Credential, Presented, without_credentials
from gateway.entry_rules import check_scopes, credential_for, hears_refusals_in_band, limit_class_of
from gateway.rate_limit.limiter import Permit, RateLimiter
from gateway.rate_limit.policies import Plan, Plans
from gateway.request_head import RequestHead
from gateway.route_table import UNROUTED, Access, LimitClass, Row
from shared.address_prefix import address_prefix
from shared.errors import Forbidden, TesseraError, Unauthorized


class Visitor(msgspec.Struct):
    """Who sends a request, as far as it is known by now."""

    head: RequestHead
    address: str
    row: Row = UNROUTED
    admission: Admission | None = None
    """Also of somebody who is known and yet refused."""
    is_from_query: bool = False
    """The credential stands in the address."""
    refusal: Unauthorized | None = None
    """Of a credential that was no good, where the service tells so."""


class Entry(NamedTuple):
    """What lets a request go on: its target without credentials, and that it was counted."""

    target: Target
    permit: Permit


class Entrance:
    def __init__(self, authenticator: Authenticator, cors: Cors, limiter: RateLimiter, plans: Plans) -> None:
        self._authenticator = authenticator
        self._cors = cors
        self._limiter = limiter
        self._plans = plans

    def at_once(self, visitor: Visitor) -> Entry | None:
        """None when something has to be waited for: then `ask`. Raises TesseraError."""
        try:
            presented = self._recall(visitor)
        except Unauthorized as error:
            self._refuse_at_once(visitor, error)
            return None
        if presented.credential is not None and visitor.admission is None:
            return None
        permit = self._limiter.take(*self._limits(visitor))
        return None if permit is None else _entry(visitor, presented.target, permit)

    async def ask(self, visitor: Visitor) -> Entry:
        """Raises TesseraError: Unauthorized, Forbidden, TooManyRequests, Unavailable, ..."""
        try:
            target = await self._admit(visitor)
        except Unauthorized as error:
            if visitor.row.access is Access.IF_GOOD:
                visitor.admission = None
            elif hears_refusals_in_band(visitor.head, visitor.row):
                visitor.refusal = error
            else:
                raise
            target = without_credentials(visitor.head.target)
        permit = await self._limiter.ask(*self._limits(visitor))
        return _entry(visitor, target, permit)

    def _refuse_at_once(self, visitor: Visitor, error: Unauthorized) -> None:
        """Raises it, counted for its address; nothing where it is none, has to be waited for, or is told in band."""
        if visitor.row.access is Access.IF_GOOD or hears_refusals_in_band(visitor.head, visitor.row):
            return
        permit = self._limiter.take(self._plans.of_address, (address_prefix(visitor.address),))
        if permit is not None:
            raise _with_limits(error, permit) from None

    async def _admit(self, visitor: Visitor) -> Target:
        """A refusal has been counted for its address. Raises like `ask`."""
        try:
            presented = self._recall(visitor)
        except Unauthorized as error:
            raise _with_limits(error, await self._count_address(visitor)) from None
        if presented.credential is not None and visitor.admission is None:
            visitor.admission = await self._look_into(visitor, presented.credential)
        return presented.target

    def give_back(self, entry: Entry) -> None:
        """The answer is one that does not count."""
        self._limiter.give_back(entry.permit)

    def _recall(self, visitor: Visitor) -> Presented:
        """Raises Unauthorized, what was found out before included."""
        presented = credential_for(visitor.head, visitor.row, self._cors)
        visitor.is_from_query = presented.is_from_query
        if presented.credential is not None:
            visitor.admission = self._authenticator.recall(presented.credential)
        return presented

    async def _look_into(self, visitor: Visitor, credential: Credential) -> Admission:
        permit = await self._count_address(visitor)
        try:
            admission = await self._authenticator.admit(credential)
        except Unauthorized as error:
            raise _with_limits(error, permit) from None
        except BaseException:
            self._limiter.give_back(permit)
            raise
        self._limiter.give_back(permit)
        return admission

    async def _count_address(self, visitor: Visitor) -> Permit:
        return await self._limiter.ask(self._plans.of_address, (address_prefix(visitor.address),))

    def _limits(self, visitor: Visitor) -> tuple[Plan, Sequence[str]]:
        limit_class = limit_class_of(visitor.head, visitor.row)
        if limit_class is LimitClass.LIVE:
            return self._plans.of_live_connections, (address_prefix(visitor.address),)
        if limit_class is LimitClass.PUBLIC or visitor.admission is None:
            return self._plans.of_address, (address_prefix(visitor.address),)
        principal = visitor.admission.principal
        user, tenant = principal.user_id.hex, principal.tenant_id.hex
        if limit_class is LimitClass.MESSAGES:
            return self._plans.of_messages[principal.tier], (user, tenant, user)
        return self._plans.of_caller[principal.tier], (user, tenant)


def _entry(visitor: Visitor, target: Target, permit: Permit) -> Entry:
    if visitor.admission is not None:
        try:
            check_scopes(visitor.admission.principal, visitor.head, visitor.row)
        except Forbidden as error:
            raise _with_limits(error, permit) from None
    return Entry(target, permit)


def _with_limits(error: TesseraError, permit: Permit) -> TesseraError:
    error.headers = {**error.headers, **permit.headers}
    return error
