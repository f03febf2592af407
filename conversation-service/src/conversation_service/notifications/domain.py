"""How people want to hear of each kind of notification: what they chose, over what is so by default."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from conversation_service.notifications.schemas import PatchNotificationSettings, Ways
from shared.events.notifications import NotificationKind
from shared.http.patch import changes

Chosen = Mapping[str, Mapping[str, bool]]
"""What somebody chose otherwise, by kind and way."""

_BOTH, _IN_APP = Ways(in_app=True, email=True), Ways(in_app=True, email=False)
DEFAULTS: Mapping[NotificationKind, Ways] = MappingProxyType(
    {
        NotificationKind.MENTION: _BOTH,
        NotificationKind.ASSIGNMENT: _BOTH,
        NotificationKind.INVITATION: _BOTH,
        NotificationKind.COMMENT_REPLY: _IN_APP,
        NotificationKind.WEBHOOK_DISABLED: _BOTH,
        NotificationKind.GENERATION_FINISHED: _IN_APP,
        NotificationKind.PREVIEW_FINISHED: _IN_APP,
        NotificationKind.BILLING: _BOTH,
        NotificationKind.SECURITY: _BOTH,
    }
)


def ways_for(kind: NotificationKind, chosen: Chosen) -> Ways:
    return msgspec.structs.replace(DEFAULTS[kind], **chosen.get(kind, {}))


def patched(chosen: Chosen, patch: PatchNotificationSettings) -> dict[str, dict[str, bool]]:
    after = {kind: dict(ways) for kind, ways in chosen.items()}
    for kind, wanted in changes(patch).items():
        ways = after.pop(kind, {})
        for way, value in (changes(wanted) if wanted is not None else {}).items():
            ways.pop(way, None)
            if value is not None:
                ways[way] = value
        if wanted is not None and ways:
            after[kind] = ways
    return after
