"""What can go wrong with attachments."""

from shared.errors import Conflict, Gone, NotFound


class AttachmentNotFound(NotFound):
    code = "ATTACHMENT_NOT_FOUND"
    message = "There is no such attachment."


class AttachmentIsLink(Conflict):
    code = "ATTACHMENT_IS_LINK"
    message = "This attachment is an address elsewhere: nothing of it is kept here."


class DownloadExpired(Gone):
    code = "DOWNLOAD_EXPIRED"
    message = "This address has expired: ask for the download again."
