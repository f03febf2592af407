"""E-mail addresses: what is accepted, and when two spellings are the same account."""

import re
import unicodedata

MAX_LENGTH = 254  # RFC 5321 leaves this much for an address in a mail command
_SHAPE = re.compile(
    r"(?=[^@]{1,64}@)[^@.]+(?:\.[^@.]+)*"  # local part: no empty piece between dots
    r"@(?:(?!-)[\w-]{1,63}(?<!-)\.)+(?!-)[\w-]{2,63}(?<!-)"
)
_UNQUOTED = re.compile(r"[^\s\"(),:;<>\[\\\]]+")
# Letters and marks that show nothing; the other invisible ones are in the refused categories.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_REFUSED_CATEGORIES = ("C", "Z")  # controls, formats (bidi, zero width), unassigned; separators


def email_identity(email: str) -> str:
    """The form that is unique: composed (UAX 15, NFC) and lower case, by the default mapping of Unicode in any locale.

    Compatibility characters stay what they are: a mailbox of a ligature is not the mailbox of its letters.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email).lower())


def is_email(text: str) -> bool:
    """A sane address: one @, a dotted domain, nothing quoted, nothing that cannot be seen.

    It has to be one after compatibility folding, too: mail software may fold what hides a second @ or a space.
    """
    folded = unicodedata.normalize("NFKC", email_identity(text))
    is_short = len(text) <= MAX_LENGTH and len(folded) <= MAX_LENGTH and len(email_identity(text)) <= MAX_LENGTH
    return is_short and not _is_deceptive(text) and bool(_UNQUOTED.fullmatch(folded) and _SHAPE.fullmatch(folded))


def _is_deceptive(text: str) -> bool:
    return bool(_INVISIBLE.search(text)) or any(
        unicodedata.category(character).startswith(_REFUSED_CATEGORIES) for character in text
    )
