"""Snippets: the part of a text that matches, as HTML in which only the marks are markup.

PostgreSQL takes `<b>` for a tag and leaves it out, and an address for one word, in which it marks nothing. So before
it looks for the best part of a text, punctuation becomes control characters, which it passes over, and afterwards
punctuation again.
"""

import html

_OPENING, _CLOSING = "\x02", "\x03"
CONTROLS = "".join(map(chr, (*range(1, 9), 11, 12, *range(14, 32), 127)))
"""Taken out of every text first."""
PUNCTUATION = "<>&@/.:-_'#+=~"
STAND_INS = CONTROLS[len(CONTROLS) - len(PUNCTUATION) :]
HEADLINE = f"StartSel={_OPENING}, StopSel={_CLOSING}, MaxWords=30, MinWords=12, ShortWord=0"
"""How `ts_headline` is to choose and mark."""

_AS_IT_WAS = str.maketrans(STAND_INS, PUNCTUATION)


def as_html(headline: str) -> str:
    escaped = html.escape(headline.translate(_AS_IT_WAS))
    return escaped.replace(_OPENING, "<mark>").replace(_CLOSING, "</mark>")
