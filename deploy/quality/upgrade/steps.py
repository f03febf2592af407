"""The calls that fill a stack with every noun of the API, in order."""

from typing import Any, NamedTuple

LARGE_TEXT = "A line of a file that is larger than what the database keeps itself.\n" * 1200  # 75 KiB
LONG_AGO, FAR_AHEAD = "2020-01-31T12:00:00Z", "2199-12-24T18:00:00Z"


class Step(NamedTuple):
    """One call. Names in braces stand for ids of earlier answers; `name` is what later steps call this one's."""

    person: str
    call: str
    body: Any = None
    status: int = 201
    name: str = ""
    key: str = "id"  # of the answer's data, which `name` then stands for


ACCOUNTS = (
    Step("ada", "PATCH /users/me", {"display_name": "Countess", "preferences": {"theme": "dark"}}, 200),
    Step("ada", "PATCH /tenants/current", {"name": "Analytical Engines"}, 200),
    Step("ada", "POST /tenants", {"name": "Second home", "slug": "second-home"}, name="second_tenant"),
    Step("ada", "PATCH /users/{made}", {"role": "viewer", "is_active": False}, 200),
    Step("ada", "POST /invitations", {"email": "waits@example.com", "role": "manager"}, name="invitation"),
    Step("ada", "PUT /settings/editor/font_size", {"value": 14}, 200),
    Step("ada", "PUT /settings/custom/nested", {"value": {"a": [1, 2.5, None, "ä"]}}, 200),
    Step("grace", "PUT /settings/theme/accent_color", {"value": "#aa00aa"}, 200),
    Step("ada", "POST /api-keys", {"name": "Script", "scopes": ["*:read"]}, name="api_key", key="key"),
    Step("ada", "POST /api-keys", {"name": "Ended", "scopes": ["tasks:read"]}, name="ended_key"),
    Step("ada", "DELETE /api-keys/{ended_key}", status=204),
    Step("ada", "POST /auth/session-token", status=200),
    Step("ada", "POST /realtime/ticket"),
    Step("ada", "POST /auth/forgot-password", {"email": "grace@example.com"}, 204),
    Step("ada", "POST /users/me/export", status=202),
)

PROJECTS = (
    Step("ada", "POST /projects", {"name": "Lander", "description": "Softly", "visibility": "tenant"}, name="project"),
    Step("ada", "POST /projects", {"name": "Deleted"}, name="deleted_project"),
    Step("ada", "DELETE /projects/{deleted_project}", status=204),
    Step("ada", "POST /projects", {"name": "Archived"}, name="archived_project"),
    Step("ada", "PATCH /projects/{archived_project}", {"archived": True}, 200),
    Step(
        "ada",
        "POST /projects/from-template",
        {"template_id": "static-site", "name": "Site", "variables": {}},
        name="site",
    ),
    Step("ada", "POST /projects/{project}/favorite", status=204),
    Step("ada", "POST /projects/{project}/tags", {"name": "Space", "color": "#3366ff"}, name="tag"),
    Step("ada", "POST /projects/{project}/team/invite", {"email": "{grace_email}", "role": "editor"}),
    Step("ada", "POST /projects/{project}/team/invite", {"email": "guest@example.com", "role": "viewer"}, 202),
)

TASKS = (
    Step("ada", "POST /projects/{project}/tasks/labels", {"name": "Risk", "color": "#ff0000"}, name="label"),
    Step(
        "ada",
        "POST /projects/{project}/tasks",
        {
            "title": "Build the legs",
            "description": "Four of them",
            "priority": "urgent",
            "assignee_id": "{grace}",
            "due_at": FAR_AHEAD,
            "label_ids": ["{label}"],
        },
        name="task",
    ),
    Step("grace", "POST /projects/{project}/tasks", {"title": "Test the legs", "status": "todo"}, name="later_task"),
    Step("ada", "POST /projects/{project}/tasks", {"title": "Deleted"}, name="deleted_task"),
    Step("ada", "DELETE /projects/{project}/tasks/{deleted_task}", status=204),
    Step("ada", "POST /projects/{project}/tasks/{later_task}/depends-on/{task}", status=204),
    Step("grace", "PATCH /projects/{project}/tasks/{task}", {"status": "in_progress"}, 200),
    Step(
        "ada",
        "POST /projects/{project}/tasks/bulk",
        {"operations": [{"op": "create", "data": {"title": f"Bolt {number}"}} for number in range(5)]},
        200,
    ),
    Step(
        "ada",
        "POST /projects/{project}/tasks/{task}/attachments",
        {"url": "https://example.com/legs", "name": "Legs"},
        name="link",
    ),
)

FILES = (
    Step(
        "ada",
        "PUT /projects/{project}/files",
        {
            "message": "Small, empty, large and binary",
            "files": [
                {"path": "README.md", "content": "# Lander\n"},
                {"path": "src/empty.py", "content": ""},
                {"path": "docs/large.txt", "content": LARGE_TEXT},
                {"path": "assets/ünïcode.bin", "content_base64": "AAECAwQFBgcICQ=="},
            ],
        },
        200,
    ),
    Step("grace", "PUT /projects/{project}/files", {"files": [{"path": "README.md", "content": "# Moon\n"}]}, 200),
    Step("ada", "PUT /projects/{project}/files", {"delete": ["src/empty.py"]}, 200),
    Step("ada", "POST /projects/{project}/versions/1/restore", status=200),
)

TALK = (
    Step(
        "ada",
        "POST /projects/{project}/comments",
        {"entity_type": "task", "entity_id": "{task}", "body": "How far, @GraceExample?"},
        name="comment",
    ),
    Step(
        "grace",
        "POST /projects/{project}/comments",
        {"entity_type": "task", "entity_id": "{task}", "body": "Half", "parent_id": "{comment}"},
        name="answer",
    ),
    Step("grace", "PATCH /projects/{project}/comments/{answer}", {"body": "Half way"}, 200),
    Step("ada", "POST /projects/{project}/comments/{answer}/star", status=204),
    Step(
        "ada",
        "POST /projects/{project}/comments",
        {"entity_type": "project", "entity_id": "{project}", "body": "Deleted"},
        name="deleted_comment",
    ),
    Step("ada", "DELETE /projects/{project}/comments/{deleted_comment}", status=204),
    Step(
        "ada",
        "POST /sessions",
        {
            "name": "Desk",
            "workspace_path": "/home/ada/lander",
            "project_id": "{project}",
            "tags": ["moon", "legs"],
            "editor_state": {"open": ["README.md"]},
            "memory": {"notes": ["a", "b"]},
        },
        name="session",
    ),
    Step(
        "ada",
        "POST /sessions/{session}/fork",
        {"name": "Other desk", "workspace_path": "/home/ada/other"},
        name="session_fork",
    ),
)

GIFTS = (
    Step(
        "ada",
        "POST /persons",
        {"name": "Neil", "relationship": "friend", "birthday": "1930-08-05", "sizes": {"shoe": "44"}},
        name="person",
    ),
    Step("ada", "POST /persons", {"name": "Grace", "user_id": "{grace}"}, name="grace_as_person"),
    Step(
        "ada",
        "POST /occasions",
        {
            "name": "Landing day",
            "date": "2099-07-20",
            "kind": "anniversary",
            "person_ids": ["{person}", "{grace_as_person}"],
            "budget": 12345,
        },
        name="occasion",
    ),
    Step("ada", "POST /gifts", {"name": "A pen", "price": 1999, "currency": "EUR", "tags": ["desk"]}, name="gift"),
    Step(
        "ada",
        "POST /lists",
        {"name": "For Neil", "type": "ideas", "person_id": "{person}", "occasion_id": "{occasion}"},
        name="list",
    ),
    Step("ada", "POST /lists/{list}/items", {"gift_id": "{gift}", "quantity": 2}, name="item"),
    Step("ada", "PUT /list-items/{item}/assign", {"user_id": "{grace}", "share": 40}, 200),
    Step("ada", "PUT /list-items/{item}/status", {"status": "selected"}, 200),
    Step("grace", "POST /lists", {"name": "My wishes", "person_id": "{grace_as_person}"}, name="wishes"),
    Step("grace", "POST /lists/{wishes}/items", {"name": "A kite"}, name="wish"),
    Step("ada", "POST /lists/{wishes}/items", {"name": "A surprise"}, name="surprise"),
    Step("ada", "PUT /list-items/{wish}/status", {"status": "selected"}, 200),
    Step("ada", "POST /comments", {"entity_type": "list", "entity_id": "{wishes}", "body": "She has no idea"}),
    Step(
        "ada",
        "POST /lists",
        {
            "name": "Revealed",
            "type": "ideas",
            "person_id": "{grace_as_person}",
            "reveal_at": LONG_AGO,
        },
        name="revealed",
    ),
)

CONVERSATIONS = (
    Step(
        "ada",
        "POST /conversations",
        {"title": "Fuel", "description": "How much?", "project_id": "{project}", "tags": ["moon"]},
        name="conversation",
    ),
    Step(
        "ada",
        "POST /conversations/{conversation}/messages",
        {"role": "user", "content": "How much fuel?"},
        name="question",
    ),
    Step("ada", "POST /conversations/{conversation}/completions", {"content": "And how far?"}, name="model_answer"),
    Step("ada", "POST /messages/{model_answer}/regenerate", {}),
    Step("ada", "PATCH /messages/{question}", {"content": "How much fuel, exactly?"}, 200, name="branch"),
    Step("ada", "PUT /messages/{model_answer}/feedback", {"rating": "up", "comment": "Good"}, 200),
    Step("ada", "POST /conversations/{conversation}/fork", {"message_id": "{model_answer}"}, name="conversation_fork"),
    Step("ada", "POST /conversations/{conversation}/share", {}, name="share", key="token"),
    Step("ada", "POST /conversations", {"title": "Soon gone", "temporary": True}, name="temporary"),
    Step("ada", "POST /support/question", {"question": "How do I land?"}),
)

CHATS = (
    Step("ada", "POST /chats", {"kind": "group", "title": "Crew", "participant_ids": ["{grace}"]}, name="chat"),
    Step("ada", "POST /chats", {"kind": "direct", "participant_ids": ["{grace}"]}, name="direct_chat"),
    Step("ada", "POST /chats", {"kind": "project", "project_id": "{project}"}, name="project_chat"),
    Step("ada", "POST /chats/{chat}/messages", {"content": "Ready?"}, name="chat_message"),
    Step(
        "grace",
        "POST /chats/{chat}/messages",
        {"content": "Go", "reply_to": "{chat_message}"},
        name="chat_answer",
    ),
    Step("grace", "PATCH /chats/{chat}/messages/{chat_answer}", {"content": "Go!"}, 200),
    Step("grace", "PUT /chats/{chat}/messages/{chat_message}/reactions/👍", status=200),
    Step("ada", "POST /chats/{chat}/messages", {"content": "Deleted"}, name="deleted_message"),
    Step("ada", "DELETE /chats/{chat}/messages/{deleted_message}", status=204),
    Step("grace", "POST /chats/{chat}/read", {"message_id": "{chat_answer}"}, 200),
    Step("grace", "PATCH /notifications/settings", {"mention": {"in_app": True, "email": False}}, 200),
)

WEBHOOKS = (
    Step(
        "ada",
        "POST /webhooks",
        {"url": "{receiver}", "events": ["task.*"], "project_id": "{site}"},
        name="webhook",
    ),
    Step("ada", "POST /webhooks", {"url": "{receiver}", "events": ["*"], "active": False}, name="quiet_webhook"),
    Step("ada", "POST /projects/{site}/tasks", {"title": "Announce"}),
)

ALL = (*ACCOUNTS, *PROJECTS, *TASKS, *FILES, *TALK, *GIFTS, *CONVERSATIONS, *CHATS, *WEBHOOKS)
