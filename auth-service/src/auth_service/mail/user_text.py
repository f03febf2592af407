"""Words of users inside our mail: one short line, and nothing that a mail program makes a link of."""

import re

MAX_CHARACTERS = 60

_DOTS = "[.\u2024\u3002\ufe52\uff0e\uff61]"
"""What stands for a full stop in names of hosts (UTS 46) or looks like one."""
_COLONS = "[:\ufe55\uff1a]"
_ATS = "[@\ufe6b\uff20]"
_SLASHES = "[/\\\\\u2044\u2215\u29f8\uff0f\uff3c]"
_JOINTS = re.compile(
    f"{_DOTS}(?={_DOTS}*[^\\s])"  # example.com, www.example
    f"|{_ATS}(?=\\S)"  # ada@example
    f"|(?<!\\d){_COLONS}(?=\\S)|{_COLONS}(?=[^\\s\\d])"  # https:, mailto:, tel: - and not 10:30
    f"|{_SLASHES}(?={_SLASHES})"  # //host, \\host
)
_QUOTES = re.compile('["\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033]')


def shown(text: str) -> str:
    """As it may stand between the quotation marks that tell it from our own words."""
    visible = "".join(c if c.isprintable() else " " for c in _QUOTES.sub("'", text))
    apart = _JOINTS.sub(lambda joint: f"{joint[0]} ", visible)
    line = " ".join(apart.split())
    return line if len(line) <= MAX_CHARACTERS else line[: MAX_CHARACTERS - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def quoted(text: str) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{shown(text)}\N{RIGHT DOUBLE QUOTATION MARK}"
