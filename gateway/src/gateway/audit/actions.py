"""What a request did, as `<thing>.<verb>`, read from method and path by one rule and three lists of words.

The last collection in the path names the thing; the method, or a word behind the collection, is the verb. A segment
that is in no list is an id or a key and says nothing, so whatever a client makes up never becomes part of an action.
"""

from types import MappingProxyType
from typing import NamedTuple

_PREFIX = b"/api/v1/"

COLLECTIONS = MappingProxyType(
    {
        "ai-docs": "ai_docs",
        "api-keys": "api_key",
        "attachments": "attachment",
        "audit-logs": "audit_record",
        "auth/sessions": "session",
        "chats": "chat",
        "comments": "comment",
        "completions": "completion",
        "conversations": "conversation",
        "deliveries": "webhook_delivery",
        "depends-on": "task_dependency",
        "faq": "support_article",
        "favorites": "favorite",
        "files": "file",
        "generations": "generation",
        "gifts": "gift",
        "invitations": "invitation",
        "items": "list_item",
        "jobs": "job",
        "labels": "task_label",
        "list-items": "list_item",
        "lists": "list",
        "members": "member",
        "messages": "message",
        "models": "model",
        "notifications": "notification",
        "occasions": "occasion",
        "participants": "participant",
        "persons": "person",
        "previews": "preview",
        "project-files": "file",
        "projects": "project",
        "queues": "queue",
        "reactions": "reaction",
        "runs": "run",
        "sessions": "workspace_session",
        "settings": "setting",
        "shares": "share",
        "tags": "tag",
        "tasks": "task",
        "team": "team_member",
        "templates": "template",
        "tenants": "tenant",
        "tickets": "ticket",
        "users": "user",
        "versions": "version",
        "webhooks": "webhook",
        "workers": "worker",
    }
)
"""A word may mean something else behind another one: `auth/sessions`."""

SINGLES = MappingProxyType(
    {
        "admin": "admin",
        "auth": "auth",
        "billing": "billing",
        "chat": "completion",
        "dashboard": "dashboard",
        "events": "live",
        "logs/audit": "audit_log",
        "me/mfa": "mfa",
        "notifications/settings": "notification_settings",
        "profile": "user",
        "realtime": "live",
        "search": "search",
        "socket.io": "live",
        "support": "support",
        "usage": "usage",
        "ws": "live",
    }
)
"""Things of which there is one to everybody who asks."""

VERBS = frozenset(
    {
        "accept",
        "activity",
        "archive",
        "artifact",
        "assign",
        "bulk",
        "callback",
        "cleanup",
        "confirm",
        "content",
        "diff",
        "download",
        "estimate",
        "export",
        "favorite",
        "feedback",
        "forgot-password",
        "fork",
        "from-template",
        "history",
        "import",
        "invite",
        "login",
        "login/mfa",
        "logout",
        "logs",
        "maintenance",
        "mark-all-read",
        "mark-read",
        "overview",
        "password",
        "portal",
        "preview-url",
        "question",
        "read",
        "redeliver",
        "refresh",
        "regenerate",
        "register",
        "related",
        "request",
        "resend-verification",
        "reset-password",
        "restore",
        "restore-tenant",
        "rotate-secret",
        "schema",
        "session-exchange",
        "session-token",
        "share",
        "star",
        "start-checkout",
        "status",
        "step-up",
        "stop",
        "stream",
        "subscription",
        "summary",
        "switch-tenant",
        "test",
        "ticket",
        "verify-email",
        "webhook",
    }
)
"""What is done to the thing before them."""

_WITH_ID = MappingProxyType({"GET": "read", "HEAD": "read", "PUT": "update", "PATCH": "update", "DELETE": "delete"})
_TO_ALL = _WITH_ID | {"GET": "list", "HEAD": "list"}
_WITH_VERB = MappingProxyType({"GET": "read_", "HEAD": "read_", "PUT": "update_", "PATCH": "update_"})
_OF_WITHDRAWAL = "remove_"


class _Word(NamedTuple):
    """Either a thing or a verb."""

    thing: str
    is_one: bool
    verb: str = ""


_SAID = {
    **{word: _Word(thing, False) for word, thing in COLLECTIONS.items()},
    **{word: _Word(thing, True) for word, thing in SINGLES.items()},
    **{word: _Word("", False, word.replace("-", "_").replace("/", "_")) for word in VERBS},
}
_WORDS = {text: word for text, word in _SAID.items() if "/" not in text}
_PAIRS = {tuple(text.split("/")): word for text, word in _SAID.items() if "/" in text}


def action_of(method: str, path: bytes) -> str:
    """`path` in its canonical form."""
    thing, verb, is_one, previous = "unknown", "", False, ""
    for name in path.removeprefix(_PREFIX).decode("latin-1").split("/"):
        word = _PAIRS.get((previous, name)) or _WORDS.get(name)
        if word is None:
            is_one = is_one or bool(name)
        elif word.verb:
            verb = word.verb
        else:
            thing, verb, is_one = word.thing, "", word.is_one
        previous = name
    if verb:
        return f"{thing}.{'' if method == 'POST' else _WITH_VERB.get(method, _OF_WITHDRAWAL)}{verb}"
    return f"{thing}.{(_WITH_ID if is_one else _TO_ALL).get(method, 'create')}"
