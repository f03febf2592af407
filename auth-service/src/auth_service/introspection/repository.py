"""Every query about credentials that are shown to the gateway."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from auth_service.opaque_tokens import OpaqueToken
from shared.db.unit_of_work import Work
from shared.introspection import CredentialKind
from shared.principal import Principal

NOTED_EVERY = timedelta(minutes=1)
"""How often a use is written down: `last_used_at` and `last_seen_at` are right to this."""


class Known(NamedTuple):
    """A credential that was issued, to somebody who may still sign in to its tenant."""

    principal: Principal
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


async def find_key(work: Work, key: OpaqueToken) -> Known | None:
    return _known(await work.row(_FIND_KEY, key.id, key.digest))


async def find_session(work: Work, cookie: OpaqueToken, *, replaced_since: datetime, life: timedelta) -> Known | None:
    """By its cookie, or by the one before while requests that were sent with that may still arrive. `life` is that of
    a cookie since it was set.
    """
    return _known(await work.row(_FIND_SESSION, cookie.id, cookie.digest, replaced_since, life))


async def note_use(work: Work, kind: CredentialKind, credential_id: UUID, now: datetime) -> None:
    """Of two replicas that notice at once, one writes."""
    await work.execute(_NOTE_USE[kind], credential_id, now, now - NOTED_EVERY)


def _known(row: dict[str, Any] | None) -> Known | None:
    if row is None:
        return None
    return Known(msgspec.convert(row, Principal), row["expires_at"], row["revoked_at"], row["used_at"])


_FIND_KEY = """
select k.id as session_id, k.tenant_id, k.user_id, m.role, t.tier, k.scopes,
       k.expires_at, k.revoked_at, k.last_used_at as used_at
from api_keys k
join users u on u.id = k.user_id and u.is_active
join memberships m on m.tenant_id = k.tenant_id and m.user_id = k.user_id and m.is_active
join tenants t on t.id = k.tenant_id and t.closed_at is null
where k.id = $1 and k.digest = $2
"""

_FIND_SESSION = """
select s.id as session_id, s.tenant_id, s.user_id, m.role, t.tier, u.is_platform_admin,
       least(s.expires_at, coalesce(s.cookie_set_at, s.rotated_at, s.created_at) + $4::interval) as expires_at,
       s.revoked_at, s.last_seen_at as used_at
from sessions s
join users u on u.id = s.user_id and u.is_active
join memberships m on m.tenant_id = s.tenant_id and m.user_id = s.user_id and m.is_active
join tenants t on t.id = s.tenant_id and t.closed_at is null
where s.id = $1 and (s.cookie_digest = $2 or (s.previous_cookie_digest = $2 and s.cookie_set_at > $3))
"""

_NOTE_USE = {
    CredentialKind.API_KEY: """
update api_keys set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at <= $3)
""",
    CredentialKind.SESSION_COOKIE: "update sessions set last_seen_at = $2 where id = $1 and last_seen_at <= $3",
}
