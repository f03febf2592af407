"""What live readers can do with a change: put the new thing in the place of the old one, or take it away.

`state fetched + events applied == state fetched later` is tried on the whole product (deploy/e2e/test_live_state.py);
here is why it can hold for every contract.
"""

import msgspec
import pytest

from shared.events.auth import NotificationsMarkedRead, SettingChanged
from shared.events.changes import Change
from shared.events.chats import ChatParticipantsAdded, ChatParticipantsRemoved, ChatRead
from shared.events.envelope import Event, LiveEvent
from shared.events.files import FilesChanged
from shared.events.registry import default_registry

LIVE = [contract for contract in default_registry() if contract.live is not None]
PARTS_OF_SOMETHING = {ChatParticipantsAdded, ChatParticipantsRemoved, ChatRead, NotificationsMarkedRead, SettingChanged}
"""Their payload names its own key: who, in which chat; which notifications; which setting."""
ASKS_TO_READ_AGAIN = {FilesChanged}


def named(contract: type[Event]) -> str:
    return contract.type


@pytest.mark.parametrize("contract", LIVE, ids=named)
def test_a_live_event_names_what_it_is_about(contract: type[Event]) -> None:
    assert issubclass(contract, Change), "live readers know one shape"


@pytest.mark.parametrize("contract", LIVE, ids=named)
def test_applying_it_needs_nothing_but_its_payload(contract: type[Event]) -> None:
    payload = next(field.type for field in msgspec.structs.fields(contract) if field.name == "payload")
    names = set(payload.__struct_fields__)

    if contract in PARTS_OF_SOMETHING:
        assert names & {"user_id", "user_ids", "key"}
    elif contract in ASKS_TO_READ_AGAIN:
        assert "version" in names
    elif contract.live is LiveEvent.DELETED:
        assert "id" in names
    else:
        assert {"id", "created_at"} <= names, "a whole thing, not a part of it"
