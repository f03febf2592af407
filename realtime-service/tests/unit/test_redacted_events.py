"""An event that is redacted keeps its place in every dialect; what waits for a reader is redacted with its thing."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from realtime_fakes import some_principal

from realtime_service.dialects.project_frames import project_frame
from realtime_service.dialects.socketio_frames import chat_frame
from realtime_service.dialects.topics_frames import event_json
from realtime_service.events import TopicEvent, topic_events
from realtime_service.held_events import HeldEvents
from realtime_service.subscription import _fits
from shared.events.blanking import blank_data
from shared.events.changes import Change
from shared.events.chats import ChatMessageAdded, ChatMessageDeleted, ChatMessageUpdated, ChatParticipantsRemoved
from shared.events.envelope import Envelope, Event, TopicOffset
from shared.events.projects import TaskAdded
from shared.events.registry import default_registry
from shared.ids import new_id
from shared.testing.example_events import TEXT, example_data

REGISTRY = default_registry()
LIVE = [one for one in REGISTRY if one.live is not None]
TENANT = some_principal().tenant_id


def told(
    contract: type[Event], offset: int = 1, *, subject: str = "one", redacted: bool = False, **more: Any
) -> TopicEvent:
    data = msgspec.json.encode(example_data(contract, TENANT) | more).decode()
    envelope = Envelope(
        id=new_id(),
        source="/tests",
        type=contract.type,
        subject=subject,
        time=datetime(2026, 3, 14, tzinfo=UTC),
        data=msgspec.Raw((blank_data(contract.type, data) if redacted else data).encode()),
        tenantid=TENANT,
        topics=(TopicOffset("chat:1", "epoch", offset),),
        redacted=True if redacted else msgspec.UNSET,
    )
    [event] = topic_events(envelope, REGISTRY)
    return event


@pytest.mark.parametrize("contract", LIVE, ids=lambda contract: contract.type)
def test_no_dialect_shows_more_than_the_place_of_a_redacted_event(contract: type[Event]) -> None:
    frame = json.loads(event_json(told(contract, 7, redacted=True)))
    window = project_frame(told(contract, 7, redacted=True))
    chat = chat_frame(told(contract, 7, redacted=True))

    assert (frame["offset"], frame["type"]) == (7, contract.type.partition(".")[2])
    assert frame["data"]["payload"] is None
    assert frame["data"]["redacted"] is True
    assert UUID(frame["data"]["entity_id"])
    assert "changed_fields" not in frame["data"]
    assert b'"data":null' in window
    assert b'"redacted":true' in window
    assert not any(TEXT.encode() in shown for shown in (window, chat, json.dumps(frame).encode()))


@pytest.mark.parametrize("contract", LIVE, ids=lambda contract: contract.type)
def test_what_is_not_redacted_does_not_say_so(contract: type[Event]) -> None:
    event = told(contract)

    assert "redacted" not in json.loads(event_json(event))["data"]
    assert not any(b"redacted" in frame for frame in (project_frame(event), chat_frame(event)))


def test_a_filter_lets_redacted_events_through() -> None:
    assert not _fits(told(TaskAdded), {"title": "another"})
    assert _fits(told(TaskAdded, redacted=True), {"title": "another"})


@pytest.mark.parametrize(
    ("contract", "changed_fields", "is_shown"),
    [
        (ChatMessageDeleted, [], False),
        (ChatMessageUpdated, ["content"], False),
        (ChatMessageUpdated, ["reactions"], True),
        (ChatParticipantsRemoved, [], True),
    ],
)
def test_what_waits_is_redacted_by_what_comes_behind_it(
    contract: type[Change], changed_fields: list[str], is_shown: bool
) -> None:
    waiting, other = told(ChatMessageAdded, 1), told(ChatMessageAdded, 2, subject="two")
    was_rendered = waiting.frame(event_json)

    held = HeldEvents([waiting, other, told(contract, 3, changed_fields=changed_fields)])

    shown = [event.frame(event_json) for event in held]
    assert TEXT.encode() in was_rendered
    assert [TEXT.encode() in frame for frame in shown[:2]] == [is_shown, True]
    assert [event.position.offset for event in held] == [1, 2, 3]
