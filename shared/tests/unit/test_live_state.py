"""The rules by which a client keeps what it shows."""

from typing import Any

import pytest

from shared.testing.live_reader import LiveEvent
from shared.testing.live_state import LiveState


def told(type_name: str, event: str, payload: dict[str, Any], version: int = 1, **more: Any) -> LiveEvent:
    data = {"entity_id": payload.get("id"), "payload": payload, "version": version, **more}
    return LiveEvent("a:topic", event, type_name, "id", "epoch", 1, data)


def test_what_is_added_or_changed_takes_its_place_and_keeps_what_is_not_told() -> None:
    state = LiveState({"task": {"1": {"id": "1", "title": "Old", "version": 1, "is_mine": True}}})

    state.apply(told("task.added", "ADDED", {"id": "2", "title": "New", "version": 1}))
    state.apply(told("task.assigned", "ASSIGNED", {"id": "1", "title": "Newer", "version": 2}, version=2))

    assert state.things["task"] == {
        "1": {"id": "1", "title": "Newer", "version": 2, "is_mine": True},
        "2": {"id": "2", "title": "New", "version": 1},
    }


def test_what_is_older_than_what_was_read_changes_nothing() -> None:
    state = LiveState({"task": {"1": {"id": "1", "title": "Newest", "version": 3}}})

    state.apply(told("task.updated", "UPDATED", {"id": "1", "title": "Old", "version": 2}, version=2))

    assert state.things["task"]["1"]["title"] == "Newest"


def test_what_is_deleted_goes_from_where_it_is_named() -> None:
    tasks = {
        "1": {"id": "1", "version": 1, "label_ids": [], "depends_on": []},
        "2": {"id": "2", "version": 1, "label_ids": ["red", "blue"], "depends_on": ["1"]},
    }
    state = LiveState({"task": tasks, "label": {"red": {"id": "red", "version": 1}}})

    state.apply(told("task.deleted", "DELETED", {"id": "1"}, version=2))
    state.apply(told("label.deleted", "DELETED", {"id": "red"}, version=2))

    assert state.things == {
        "task": {"2": {"id": "2", "version": 1, "label_ids": ["blue"], "depends_on": []}},
        "label": {},
    }


def test_a_place_is_kept_for_the_replies() -> None:
    state = LiveState({"comment": {"1": {"id": "1", "body": "Hello", "is_starred": True, "version": 1}}})
    place = {"id": "1", "body": "", "version": 2}

    state.apply(told("comment.deleted", "DELETED", {"id": "1", "place": place}, version=2))

    assert state.things["comment"] == {"1": {"id": "1", "body": "", "is_starred": True, "version": 2}}


def test_items_go_with_their_list() -> None:
    state = LiveState({"list_item": {"1": {"list_id": "a"}, "2": {"list_id": "b"}}})

    state.apply(told("list.withdrawn", "DELETED", {"id": "a"}, version=2))

    assert state.things["list_item"] == {"2": {"list_id": "b"}}


@pytest.mark.parametrize(
    "event",
    [
        told("files.changed", "UPDATED", {"id": "1", "version": 7}, version=7),
        told("list.updated", "UPDATED", {"id": "1"}, version=2, changed_fields=["visibility"]),
    ],
    ids=lambda event: event.type,
)
def test_what_is_too_much_to_tell_is_read_again(event: LiveEvent) -> None:
    state = LiveState()

    state.apply(event)

    assert state.is_outdated


def test_a_chat_counts_its_messages_and_knows_who_has_read_how_far() -> None:
    state = LiveState({"chat": {"c": {"id": "c", "message_count": 2, "updated_at": "1", "version": 1}}})
    about = {"chat_id": "c"}
    said = {"id": "m", "version": 1, "author_id": "ada", "number": 3, "created_at": "2", **about}

    state.apply(told("chat_participants.added", "ADDED", {"user_ids": ["ada", "ben", "cy"], **about}))
    state.apply(told("chat_message.added", "ADDED", said))
    state.apply(told("chat.read", "UPDATED", {"user_id": "ben", "last_read_number": 3, **about}, version=3))
    state.apply(told("chat_participants.removed", "DELETED", {"user_ids": ["cy"], **about}))

    assert (state.things["chat"]["c"]["message_count"], state.things["chat"]["c"]["updated_at"]) == (3, "2")
    assert {key: each["last_read_number"] for key, each in state.things["participant"].items()} == {"ada": 3, "ben": 3}


@pytest.mark.parametrize(("ids", "unread"), [(["1"], ["2", "3"]), (None, ["3"])])
def test_notifications_are_marked_by_id_or_up_to_a_moment(ids: list[str] | None, unread: list[str]) -> None:
    state = LiveState()
    for key, moment in (("1", "10:00"), ("2", "10:01"), ("3", "10:05")):
        news = {"id": key, "user_id": "me", "created_at": moment, "read_at": None, "version": 1, "unread_count": 9}
        state.apply(told("notification.added", "ADDED", news))

    read = {"user_id": "me", "notification_ids": ids, "read_at": "10:02", "unread_count": len(unread)}
    state.apply(told("notification.read", "UPDATED", read))

    assert [key for key, each in state.things["notification"].items() if each["read_at"] is None] == unread
    assert state.things["inbox"] == {"me": {"unread_count": len(unread)}}


def test_a_setting_is_known_by_its_name() -> None:
    state = LiveState({"setting": {"theme.accent": {"value": "red"}}})
    name = {"id": "1", "category": "theme", "key": "accent"}

    state.apply(told("setting.changed", "UPDATED", {**name, "value": "blue"}, version=2))
    changed = state.things["setting"]["theme.accent"]["value"]
    state.apply(told("setting.removed", "DELETED", name, version=3))

    assert (changed, state.things["setting"]) == ("blue", {})


def test_what_a_list_kept_is_told_without_a_new_version_of_the_item() -> None:
    kept = {"id": "1", "status": None, "version": 1}
    state = LiveState({"list_item": {"1": kept, "2": {"id": "2", "status": "received", "version": 1}}})

    for item in ("1", "2"):
        changed = told("list_item.status_changed", "STATUS_CHANGED", {"id": item, "status": "idea", "version": 1})
        state.apply(changed)

    assert [item["status"] for item in state.things["list_item"].values()] == ["idea", "received"]
