"""What the gateway has seen of one request, and the audit record that becomes of it.

A sighting is made while somebody waits for an answer, so it only points at what is there; the record is made later.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from gateway.audit.actions import action_of
from gateway.audit.sanitising import sanitised_agent, sanitised_body, sanitised_endpoint
from gateway.request_head import SAFE_METHODS
from gateway.route_table import UNROUTED, Row
from gateway.upstream import AnswerHead
from shared.audit import NOBODY, SUBJECT_HEADER, AuditSubject, read_subject
from shared.events.gateway import AuditRecord, Outcome
from shared.ids import new_id
from shared.principal import Principal

CAPTURED_BYTES = 4096
"""Of a body; of a larger one only the size is recorded."""
PATH_BYTES = 512
AGENT_BYTES = 256

ABANDONED = 499
"""Stands for the status of a request whose client left before the answer: what it asked for may have happened."""

_SUBJECT_HEADER = SUBJECT_HEADER.lower().encode()
_OUTCOMES = {401: Outcome.DENIED, 403: Outcome.DENIED, 429: Outcome.LIMITED}


class Sighting(NamedTuple):
    at: float
    """Unix seconds."""
    method: str
    path: bytes
    row: Row
    status: int
    principal: Principal | None
    subject: bytes | None
    """What auth-service says of whom it was about."""
    address: str
    user_agent: bytes
    body: bytes | None
    """None unless all of it was captured."""
    body_size: int
    seconds: float
    trace_id: str


def is_worth_recording(method: str, row: Row, status: int, *, is_authenticated: bool) -> bool:
    """Not: reading what is public, and asking for what does not exist."""
    if row is UNROUTED:
        return False
    return is_authenticated or method not in SAFE_METHODS or status in (401, 429)


def subject_in(answer: AnswerHead) -> bytes | None:
    """The header in which auth-service names who came."""
    return next((value for name, value in answer.headers if name.lower() == _SUBJECT_HEADER), None)


def record_of(sighting: Sighting) -> AuditRecord:
    principal = sighting.principal
    subject = _subject_of(sighting)
    is_key = principal is not None and principal.scopes is not None
    action = subject.action or action_of(sighting.method, sighting.path)
    return AuditRecord(
        id=new_id(),
        tenant_id=subject.tenant_id,
        user_id=subject.user_id,
        session_id=None if is_key else subject.session_id,
        api_key_id=principal.session_id if is_key and principal else None,
        action=action,
        endpoint=sanitised_endpoint(sighting.path),
        method=sighting.method,
        status_code=sighting.status,
        outcome=outcome_of(sighting.status),
        ip=sighting.address,
        user_agent=sanitised_agent(sighting.user_agent) or None,
        request_body=_body_of(sighting, action),
        request_bytes=sighting.body_size,
        response_ms=round(sighting.seconds * 1000, 3),
        trace_id=sighting.trace_id,
        created_at=datetime.fromtimestamp(sighting.at, UTC),
    )


def outcome_of(status: int) -> Outcome:
    return Outcome.SUCCESS if status < 400 else _OUTCOMES.get(status, Outcome.FAILED)


def _subject_of(sighting: Sighting) -> AuditSubject:
    is_told = sighting.row.is_way_in and sighting.subject is not None
    if sighting.principal is not None and not is_told:
        return AuditSubject(sighting.principal.tenant_id, sighting.principal.user_id, sighting.principal.session_id)
    if sighting.subject is None:
        return NOBODY
    try:
        return read_subject(sighting.subject)
    except msgspec.DecodeError:
        return NOBODY


def _body_of(sighting: Sighting, action: str) -> str | None:
    is_recorded = action.partition(".")[0] in sighting.row.recorded_bodies
    return sanitised_body(sighting.body) if is_recorded and sighting.body else None
