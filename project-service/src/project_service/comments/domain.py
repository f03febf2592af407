"""Rules of comments: whom a text mentions, who may take a comment away."""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from project_service.members.repository import Mentionable
from shared.errors import Forbidden
from shared.events.projects import CommentState, ProjectRole
from shared.members.domain import folded

MAX_MENTIONS = 50
"""Of one comment; the names behind them are plain text."""

_MENTION = re.compile(r"(?<![\w.+@-])@([\w.+'-]{1,100})")  # not within a word: that would be an e-mail address
_PUNCTUATION = ".+'-"  # may end a sentence as well as a name


def handles_in(body: str) -> list[str]:
    """The folded names that stand behind an @, each also without the punctuation at its end."""
    found: dict[str, None] = {}
    for match in _MENTION.finditer(body):
        name = folded(match[1])
        bare = name.rstrip(_PUNCTUATION)
        if bare and len(found) < 2 * MAX_MENTIONS:
            found[name] = found[bare] = None
    return list(found)


def unambiguous(named: Iterable[Mentionable], handles: Iterable[str]) -> list[Mentionable]:
    """Who is meant: a name that several people have means nobody."""
    people = list(named)
    meant: dict[UUID, Mentionable] = {}
    for handle in handles:
        called = [person for person in people if handle in (person.mail_handle, person.name_handle)]
        if len(called) == 1:
            meant[called[0].user_id] = called[0]
    return list(meant.values())[:MAX_MENTIONS]


def emptied(comment: CommentState, now: datetime) -> CommentState:
    """What is left of it where there are replies. Without a name: no later event takes it out of the one that tells
    of this.
    """
    version = comment.version + 1
    return replace(
        comment, author=None, body="", mentioned_user_ids=(), is_deleted=True, version=version, updated_at=now
    )


def require_author(comment: CommentState, user_id: UUID) -> None:
    if comment.author_id != user_id:
        raise Forbidden


def require_remover(comment: CommentState, user_id: UUID, held: ProjectRole) -> None:
    if held is not ProjectRole.OWNER:
        require_author(comment, user_id)
