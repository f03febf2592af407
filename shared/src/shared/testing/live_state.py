"""What a client shows of a topic: read by REST, kept true by the topic's events. All the rules a frontend needs.

state = LiveState({"task": {task_id: task, ...}, "label": {...}})   # as REST shows them
state.apply(event)                                                  # each event of the topic, in order

An event may be older than what was read: it is known by its version, and changes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from shared.testing.live_reader import LiveEvent

Thing = dict[str, Any]
Things = dict[str, dict[str, Thing]]

_KINDS = {"membership": "user"}
"""What an event is about, where its type has another word for it."""

_REFERENCES = {"label": ("task", "label_ids"), "task": ("task", "depends_on")}
"""Lists of ids that something goes from when it is deleted."""

_PARTS = {"list": ("list_item", "list_id")}
"""What goes with a thing that is deleted, and the field that names it."""


class LiveState:
    """`things[kind][id]`. `is_outdated`: more has changed than is told: everything is to be read again."""

    def __init__(self, things: Mapping[str, Mapping[str, Thing]] | None = None) -> None:
        self.things: Things = defaultdict(dict)
        for kind, found in (things or {}).items():
            self.things[kind] = {key: dict(thing) for key, thing in found.items()}
        self.is_outdated = False

    def apply(self, event: LiveEvent) -> None:
        """What is redacted is left out: what became of it follows. Only messages to models stay, as branches."""
        name = event.type.partition(".")[0]
        if event.data.get("redacted"):
            self.is_outdated = self.is_outdated or name == "message"
            return
        kind = _KINDS.get(name, name)
        rule = _RULES.get(event.type)
        if event.type == "files.changed" or (kind == "list" and "visibility" in event.data.get("changed_fields", ())):
            self.is_outdated = True
        elif rule is not None:
            rule(self.things, event.data["payload"])
        elif event.event == "DELETED":
            self._remove(kind, event.data)
        else:
            self._put(kind, event.data)
        if event.type in _ALSO:
            _ALSO[event.type](self.things, event.data["payload"])

    def _put(self, kind: str, data: Mapping[str, Any]) -> None:
        """Fields that are not told, because every viewer has their own, stay as they were read."""
        key = _key(kind, data)
        known = self.things[kind].get(key, {})
        was_kept = kind == "list_item" and known.get("status") is None  # a reveal is no new version of the item
        if known.get("version", 0) < data["version"] or (was_kept and known.get("version") == data["version"]):
            self.things[kind][key] = known | data["payload"]

    def _remove(self, kind: str, data: Mapping[str, Any]) -> None:
        """`place`: what is left of the thing, because others refer to it."""
        key = _key(kind, data)
        place = data["payload"].get("place")
        if place is not None:
            self.things[kind][key] = self.things[kind].get(key, {}) | place
            return
        self.things[kind].pop(key, None)
        if kind in _REFERENCES:
            other, field = _REFERENCES[kind]
            for thing in self.things[other].values():
                thing[field] = [each for each in thing[field] if each != key]
        if kind in _PARTS:
            other, field = _PARTS[kind]
            self.things[other] = {part: thing for part, thing in self.things[other].items() if thing[field] != key}


def _key(kind: str, data: Mapping[str, Any]) -> str:
    """Settings are known by name: REST shows no ids."""
    payload = data["payload"]
    return f"{payload['category']}.{payload['key']}" if kind == "setting" else str(data["entity_id"])


# Chats: who takes part, and how far they have read.


def _somebody_joined(things: Things, payload: Thing) -> None:
    """What was said until then counts as read."""
    said = things["chat"].get(payload["chat_id"], {}).get("message_count", 0)
    for user_id in payload["user_ids"]:
        things["participant"].setdefault(user_id, {"user_id": user_id, "last_read_number": said})


def _somebody_left(things: Things, payload: Thing) -> None:
    for user_id in payload["user_ids"]:
        things["participant"].pop(user_id, None)


def _somebody_read(things: Things, payload: Thing) -> None:
    _mark_read(things, payload["user_id"], payload["last_read_number"])


def _count_message(things: Things, payload: Thing) -> None:
    """The last message is the chat's latest change, and its author has read it."""
    chat = things["chat"].get(payload["chat_id"])
    if chat is not None:
        _mark_read(things, payload["author_id"], payload["number"])
    if chat is not None and payload["number"] > chat["message_count"]:
        chat |= {"message_count": payload["number"], "updated_at": payload["created_at"]}


def _count_place(things: Things, payload: Thing) -> None:
    """Of a message that was added and deleted while nobody was told."""
    _count_message(things, payload["place"])


def _count_said(things: Things, payload: Thing) -> None:
    """The same of a conversation with a model."""
    conversation, counts = things["conversation"].get(payload["conversation_id"]), payload["conversation"]
    if conversation is not None and counts["message_count"] > conversation["message_count"]:
        conversation |= {**counts, "updated_at": payload["created_at"]}


def _mark_read(things: Things, user_id: str | None, number: int) -> None:
    participant = things["participant"].get(user_id or "")
    if participant is not None:
        participant["last_read_number"] = max(participant["last_read_number"], number)


# Notifications: which are read, and how many are not.


def _count_unread(things: Things, payload: Thing) -> None:
    things["inbox"][payload["user_id"]] = {"unread_count": payload["unread_count"]}


def _notifications_read(things: Things, payload: Thing) -> None:
    _count_unread(things, payload)
    ids, read_at = payload["notification_ids"], payload["read_at"]
    for key, notification in things["notification"].items():
        is_meant = key in ids if ids is not None else notification["created_at"] <= read_at
        if is_meant and notification["read_at"] is None:
            notification |= {"read_at": read_at, "updated_at": read_at, "version": notification["version"] + 1}


_Rule = Callable[[Things, Thing], None]

_RULES: Mapping[str, _Rule] = {
    "chat_participants.added": _somebody_joined,
    "chat_participants.removed": _somebody_left,
    "chat.read": _somebody_read,
    "notification.read": _notifications_read,
}
"""Instead of the common ones."""

_ALSO: Mapping[str, _Rule] = {
    "chat_message.added": _count_message,
    "chat_message.updated": _count_message,
    "chat_message.deleted": _count_place,
    "message.added": _count_said,
    "notification.added": _count_unread,
}
"""What a new thing changes beside itself."""
