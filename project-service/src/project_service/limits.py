"""How many there may be of what is listed, counted or answered as a whole. Quotas of tiers are in `shared.quotas`."""

from shared.limits import Limit

LABELS = Limit("labels of a project", 200, "task_labels where tenant_id = $1 and project_id = $2")
SESSIONS = Limit("workspace sessions of a user", 200, "workspace_sessions where tenant_id = $1 and user_id = $2")
PERSONS = Limit("persons of a tenant", 1_000, "gift_persons where tenant_id = $1")
OCCASIONS = Limit("occasions of a tenant", 1_000, "gift_occasions where tenant_id = $1")
GIFT_LISTS = Limit("gift lists of a tenant", 1_000, "gift_lists where tenant_id = $1")
LIST_ITEMS = Limit("items of a list", 500, "list_items where tenant_id = $1 and list_id = $2")
PLANNING_COMMENTS = Limit(  # a reveal reads all of a list's at once
    "comments about something planned", 1_000, "comments where tenant_id = $1 and entity_type = $2 and entity_id = $3"
)
GIFTS = Limit("gifts of a tenant", 5_000, "gifts where tenant_id = $1")
MAX_ATTACHMENTS = 100
"""Of a task, which counts them itself."""
