"""Tells the gateway whom a sign-in, a refresh or a mailed link was about: a header that goes no further than there."""

from contextvars import ContextVar
from uuid import UUID

from sanic.response import BaseHTTPResponse

from shared.audit import SUBJECT_HEADER, AuditSubject
from shared.http.app import App, Request
from shared.principal import Principal


class _Answer:
    """The answer under way."""

    subject: AuditSubject | None = None


_answer: ContextVar[_Answer | None] = ContextVar("answer", default=None)

REFRESH_REUSED = "auth.refresh_reused"


def is_about(tenant_id: UUID | None, user_id: UUID) -> None:
    """Of the request that is being answered; the last one named counts. Nothing happens outside a request."""
    _name(AuditSubject(tenant_id, user_id))


def is_about_session(owner: Principal, action: str | None = None) -> None:
    _name(AuditSubject(owner.tenant_id, owner.user_id, owner.session_id, action))


def setup_subjects(app: App) -> None:
    async def begin(request: Request) -> None:
        request.ctx.answer = _Answer()
        _answer.set(request.ctx.answer)  # anew each time: the requests of one connection share a task

    async def end(request: Request, response: BaseHTTPResponse) -> None:
        answer: _Answer | None = getattr(request.ctx, "answer", None)
        if answer is not None and answer.subject is not None:
            response.headers[SUBJECT_HEADER] = answer.subject.encoded()

    app.register_middleware(begin, "request")
    app.register_middleware(end, "response")


def _name(subject: AuditSubject) -> None:
    answer = _answer.get()
    if answer is not None:
        answer.subject = subject
