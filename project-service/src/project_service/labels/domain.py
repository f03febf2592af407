"""When two names of labels are the same."""

import unicodedata


def name_key(name: str) -> str:
    """Equal for names that differ in case or in how their accents are encoded."""
    return unicodedata.normalize("NFC", name.casefold())
