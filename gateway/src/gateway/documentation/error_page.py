"""The catalogue of error codes as a page for people."""

from collections.abc import Iterable, Mapping
from html import escape
from http import HTTPStatus
from typing import Any

from gateway.documentation.pages import page
from shared.http.documentation import Document

_INTRODUCTION = """
<p>Every failed request is answered in one form: <code>{"error": {"code", "message", "details", "trace_id"}}</code>.
The code is for programs and never changes; <code>trace_id</code> also stands in the header
<code>X-Request-Id</code> and finds the request in logs and traces.</p>
<p>For programs: <a href="/docs/errors.json">the same list as JSON</a>.</p>
"""


def error_page(codes: Iterable[Mapping[str, Any]]) -> Document:
    """`codes` as in `x-error-codes`."""
    rows = "\n".join(map(_row, codes))
    return page(
        "Error codes",
        f"""{_INTRODUCTION}
<div class="wide" role="region" aria-label="Table of error codes" tabindex="0">
<table>
<caption>What can go wrong, by code</caption>
<thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">What happened</th>
<th scope="col">What to do</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>""",
    )


def _row(described: Mapping[str, Any]) -> str:
    code, status = escape(str(described["code"])), int(described["status"])
    meaning, remedy = escape(str(described["meaning"])), escape(str(described["remedy"]))
    return (
        f'<tr id="{code}"><th scope="row"><a href="#{code}"><code>{code}</code></a></th>'
        f"<td>{status} {HTTPStatus(status).phrase}</td><td>{meaning}</td><td>{remedy}</td></tr>"
    )
