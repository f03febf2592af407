"""What can go wrong with tags."""

from shared.errors import Conflict, NotFound


class TagNotFound(NotFound):
    code = "TAG_NOT_FOUND"
    message = "There is no such tag."


class TagExists(Conflict):
    code = "TAG_EXISTS"
    message = "The project has a tag of this name already, in whatever case."


class TooManyTags(Conflict):
    code = "TOO_MANY_TAGS"
    message = "The project has all the tags it can have."
