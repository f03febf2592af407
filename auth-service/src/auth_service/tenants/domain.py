"""How a tenant is named when it is made, and how long a closed one can be restored."""

import re
import unicodedata

MAX_SLUG = 48
RESTORABLE_DAYS = 30  # as long as a closed account is kept: time to notice, and an end that people can be told


def default_name(first_name: str) -> str:
    return f"{first_name.strip()}'s workspace"


def slug_of(name: str) -> str:
    """`Café Nord & Co` -> `cafe-nord-co`: ASCII letters, digits, single dashes; `workspace` when nothing is left."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:MAX_SLUG].rstrip("-") or "workspace"
