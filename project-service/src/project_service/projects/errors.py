"""What can go wrong with projects."""

from shared.errors import Forbidden, NotFound


class ProjectNotFound(NotFound):
    code = "PROJECT_NOT_FOUND"
    message = "There is no such project."


class TierLimitExceeded(Forbidden):
    """`details` has `limit`, `used`, `resets_at`, `tier`, `required_tier` and `upgrade_url`."""

    code = "TIER_LIMIT_EXCEEDED"
    message = "Your plan holds no more of these."
