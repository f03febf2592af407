"""What can go wrong with files."""

from shared.errors import Conflict, NotFound, ValidationFailed


class FileNotFound(NotFound):
    code = "FILE_NOT_FOUND"
    message = "There is no such file."


class InvalidPath(ValidationFailed):
    """`details.fields` names every wrong field, among them at least one path."""

    code = "INVALID_PATH"
    message = "A path cannot be used; details.fields names each."


class FileVersionConflict(Conflict):
    """`details.files`: `[{path, if_version, version, sha256}]`; version and sha256 are null where there is no file."""

    code = "FILE_VERSION_CONFLICT"
    message = "Files have changed since the versions named in if_version."
