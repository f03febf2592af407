"""What is held about a person here: what is theirs alone, what they said, where they take part, what they plan."""

from project_service.gifting import held as gifting
from shared.held_data import Section, table_section

# Found by the author's index, then narrowed down to the tenant.
COMMENTS = table_section(
    "comments",
    "comments",
    "id, project_id, entity_type, entity_id, parent_id, body, edited_at, created_at, updated_at",
    whose="author_id",
)
WEBHOOKS = table_section(
    "webhooks", "webhooks", "id, project_id, url, events, active, created_at, updated_at", whose="created_by"
)
SECTIONS: tuple[Section, ...] = (
    table_section(
        "workspace_sessions",
        "workspace_sessions",
        "id, project_id, conversation_id, parent_session_id, name, workspace_path, tags, state, last_accessed_at,"
        " created_at, updated_at",
        whose="user_id",
    ),
    table_section("team_memberships", "project_members", "id, project_id, role, created_at", whose="user_id"),
    table_section("favorites", "project_favorites", "id, project_id, created_at", whose="user_id"),
    table_section("starred_comments", "comment_stars", "id, comment_id, created_at", whose="user_id"),
    COMMENTS,
    WEBHOOKS,
    *gifting.SECTIONS,
)
