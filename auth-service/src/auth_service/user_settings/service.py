"""Use cases of settings, each one transaction with its event."""

from typing import Any

import msgspec

from auth_service.user_settings import repository
from auth_service.user_settings.domain import (
    MAX_SETTINGS,
    MAX_VALUE_BYTES,
    Category,
    check_setting,
    read_category,
    require_room,
    settings_schema,
)
from auth_service.user_settings.errors import SettingNotFound
from auth_service.user_settings.repository import StoredSetting
from auth_service.user_settings.schemas import SettingsSchema, SettingView
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import PreconditionFailed
from shared.events.auth import RemovedSetting, SettingChanged, SettingRemoved, SettingState
from shared.events.topics import user_topic
from shared.http.conditions import IfMatch
from shared.principal import Principal


class UserSettings:
    """Of the member that a principal is: each tenant has its own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def read(self, principal: Principal, category: Category | None) -> dict[str, dict[str, msgspec.Raw]]:
        """Every category that was asked for, the empty ones too."""
        async with self._database.unit_of_work(principal.tenant_id) as work:
            found = await repository.list_values(work, principal, category)
        return {each.value: found.get(each.value, {}) for each in ([category] if category else Category)}

    async def put(
        self, principal: Principal, category_name: str, key: str, value: Any, if_match: IfMatch
    ) -> SettingView:
        """Raises ValidationFailed, SettingsFull, PreconditionFailed."""
        category = check_setting(category_name, key, value)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await repository.lock_settings(work, principal)
            before = await repository.find(work, principal, category, key)
            _refuse_stale(if_match, before)
            if before is not None and _is_same(before.view.value, value):
                return before.view
            taken = await repository.taken(work, principal, beside=before.id if before else None)
            require_room(taken.number, taken.size, value)
            after = await repository.put(work, principal, category, key, value, self._clock.now())
            _tell_changed(work, principal, after)
            return after.view

    async def remove(self, principal: Principal, category_name: str, key: str, if_match: IfMatch) -> None:
        """Raises SettingNotFound, PreconditionFailed."""
        category = read_category(category_name)
        if category is None:
            raise SettingNotFound
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await repository.lock_settings(work, principal)
            before = await repository.find(work, principal, category, key)
            if before is None:
                raise SettingNotFound
            _refuse_stale(if_match, before)
            await repository.remove(work, principal, before.id)
            _tell_removed(work, principal, before)

    def schema(self) -> SettingsSchema:
        return SettingsSchema(categories=settings_schema(), max_value_bytes=MAX_VALUE_BYTES, max_settings=MAX_SETTINGS)


def _refuse_stale(if_match: IfMatch, setting: StoredSetting | None) -> None:
    """What is absent has no version: it can only be written without a condition."""
    if not if_match.allows(setting.view.version if setting else 0):
        raise PreconditionFailed(details={"current": msgspec.to_builtins(setting.view) if setting else None})


def _is_same(one: Any, other: Any) -> bool:
    """As JSON: to Python 1 == 1.0 == True."""
    return msgspec.json.encode(one, order="deterministic") == msgspec.json.encode(other, order="deterministic")


def _tell_changed(work: Work, owner: Principal, setting: StoredSetting) -> None:
    view = setting.view
    state = SettingState(
        id=setting.id, category=view.category.value, key=view.key, value=view.value, updated_at=view.updated_at
    )
    event = SettingChanged(entity_id=setting.id, version=view.version, changed_fields=("value",), payload=state)
    work.publish(event, topics=[user_topic(owner.user_id)], subject=str(setting.id))


def _tell_removed(work: Work, owner: Principal, setting: StoredSetting) -> None:
    gone = RemovedSetting(id=setting.id, category=setting.view.category.value, key=setting.view.key)
    event = SettingRemoved(entity_id=setting.id, version=setting.view.version + 1, payload=gone)
    work.publish(event, topics=[user_topic(owner.user_id)], subject=str(setting.id))
