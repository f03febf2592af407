"""HTTP for one's own settings."""

from typing import Any

from auth_service.user_settings.errors import SettingNotFound, SettingsFull
from auth_service.user_settings.schemas import PutSetting, SettingsQuery, SettingsSchema, SettingView
from auth_service.user_settings.service import UserSettings
from shared.errors import PreconditionFailed
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.principal import Principal

routes = Routes("settings", resource="settings")
SETTINGS = "/api/v1/settings"
SETTING = SETTINGS + "/{category}/{key}"


@routes.get(SETTINGS, summary="Read one's settings by category")
async def read_settings(
    principal: Principal, user_settings: UserSettings, query: SettingsQuery
) -> dict[str, dict[str, Any]]:
    return await user_settings.read(principal, query.category)


@routes.get(SETTINGS + "/schema", summary="Show which settings have a type")
async def show_schema(_principal: Principal, user_settings: UserSettings) -> SettingsSchema:
    return user_settings.schema()


@routes.put(SETTING, summary="Set a setting", errors=[SettingsFull, PreconditionFailed])
async def put_setting(
    principal: Principal, user_settings: UserSettings, category: str, key: str, body: PutSetting, if_match: IfMatch
) -> SettingView:
    return await user_settings.put(principal, category, key, body.value, if_match)


@routes.delete(SETTING, summary="Remove a setting", errors=[SettingNotFound, PreconditionFailed])
async def remove_setting(
    principal: Principal, user_settings: UserSettings, category: str, key: str, if_match: IfMatch
) -> None:
    await user_settings.remove(principal, category, key, if_match)
