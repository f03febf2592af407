"""What can go wrong with settings."""

from shared.errors import Conflict, NotFound


class SettingNotFound(NotFound):
    code = "SETTING_NOT_FOUND"
    message = "There is no such setting."


class SettingsFull(Conflict):
    code = "SETTINGS_LIMIT_REACHED"
    message = "There are as many settings as may be kept: remove one first."
