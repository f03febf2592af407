"""Technical limits of auth-service, the same in all tiers. Beyond them: 409 `LIMIT_REACHED`.

What counts by tier is in `shared.quotas`, how often something may be tried in `throttling.domain`.
"""

from shared.db.row_limits import RowLimit

MEMBERSHIPS_OF_USER = RowLimit("tenants that a user belongs to", 1_000)
KEYS_OF_USER = RowLimit("API keys of a user in a tenant", 100)
INVITATIONS_OF_TENANT = RowLimit("invitations that nobody has accepted", 5_000)  # one address may have several projects

ACCEPTED_KEPT = 10_000  # invitations of one tenant: of older ones nothing is left but the memberships
LIVE_SESSIONS = 1_000  # of one user: whoever signs in once more ends the one that was opened longest ago
ENDED_SESSIONS_KEPT = 100  # of one user; beyond them ended ones go after a day
WAITING_SIGN_INS = 20  # of one user, for the code of a second factor: the oldest is over when one more begins
WAITING_LINKS = 20  # of one session, that carry it over to a browser
