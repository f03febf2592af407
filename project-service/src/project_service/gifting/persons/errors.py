"""What can go wrong with persons."""

from shared.errors import Conflict, NotFound


class PersonNotFound(NotFound):
    code = "PERSON_NOT_FOUND"
    message = "There is no such person."


class PersonInUse(Conflict):
    code = "PERSON_IN_USE"
    message = "Lists or occasions are for this person: delete or change them first."


class PersonLinked(Conflict):
    code = "PERSON_LINKED"
    message = "This member of the tenant is another person already."


class TooManyLinkedPersons(Conflict):
    code = "TOO_MANY_LINKED_PERSONS"
    message = "As many persons as can be are members of the tenant already."
