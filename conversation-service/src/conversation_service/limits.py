"""Technical limits of conversation-service, the same in all tiers. Beyond them: 409 `LIMIT_REACHED`.

What counts by tier is in `shared.quotas`.
"""

from shared.db.row_limits import RowLimit

CONVERSATIONS_OF_USER = RowLimit("conversations of a user", 10_000)
CHATS_OF_USER = RowLimit("chats of a user", 5_000)
TICKETS_OF_USER = RowLimit("support questions of a user", 1_000)
NOTIFICATIONS_KEPT = 2_000  # of one user in one tenant, and those since the last deletion: the oldest are deleted
NOTIFICATIONS_PER_DELETION = 100  # on average: each deletion walks the index over all that are kept
