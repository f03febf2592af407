"""What can go wrong with persons."""

from shared.errors import Conflict, Forbidden, NotFound


class PersonNotFound(NotFound):
    code = "PERSON_NOT_FOUND"
    message = "There is no such person."


class PersonInUse(Conflict):
    code = "PERSON_IN_USE"
    message = "Lists or occasions are for this person: delete or change them first."


class PersonLinked(Conflict):
    code = "PERSON_LINKED"
    message = "This member of the tenant is another person already."


class PersonLinkNeedsConsent(Forbidden):
    """The link keeps surprises from the member: it is theirs to make, or an admin's. Of unknown members too."""

    code = "PERSON_LINK_NEEDS_CONSENT"
    message = "Only this member, or an admin of the tenant, can say that they are this person."
    remedy = "Ask the member to make a person with their own user_id, or an admin to link them."


class TooManyLinkedPersons(Conflict):
    code = "TOO_MANY_LINKED_PERSONS"
    message = "As many persons as can be are members of the tenant already."
