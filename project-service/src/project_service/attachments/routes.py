"""HTTP for attachments."""

import asyncio
from uuid import UUID

from sanic.response import HTTPResponse

from project_service.attachments.domain import MAX_FILE_BYTES, UNKNOWN_TYPE, inert_headers
from project_service.attachments.errors import AttachmentIsLink, AttachmentNotFound, DownloadExpired
from project_service.attachments.schemas import AttachmentQuery, AttachmentView, CreateLink, Download
from project_service.attachments.service import AttachmentService
from project_service.object_store import ObjectStoreUnavailable
from project_service.projects.errors import ProjectNotFound
from project_service.tasks.errors import TaskNotFound
from project_service.tasks.routes import TASK
from project_service.uploads import IncomingBody, Uploads
from shared.errors import (
    BadRequest,
    Forbidden,
    LimitReached,
    MalformedJson,
    TooLarge,
    UnsupportedMediaType,
    ValidationFailed,
)
from shared.http.answers import JSON, Created, HttpAnswer, json_answer, streamed
from shared.http.app import Request
from shared.http.routes import ANY_TYPE, FORM, Raw, Routes
from shared.http.validation import read_body
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

ATTACHMENTS = TASK + "/attachments"
ATTACHMENT = ATTACHMENTS + "/{attachment_id}"
DOWNLOADS = "/api/v1/attachments"
LONGEST_LINK = 64 * 1024  # bytes of its JSON; cut there, it cannot be read

routes = Routes("tasks", resource="tasks")


@routes.get(ATTACHMENTS, summary="List what is attached to a task", errors=[ProjectNotFound, TaskNotFound])
async def list_attachments(
    principal: Principal, attachments: AttachmentService, project_id: UUID, task_id: UUID, query: AttachmentQuery
) -> PageOf[AttachmentView]:
    return await attachments.find(principal, project_id, task_id, query)


async def require_editor(principal: Principal, attachments: AttachmentService, project_id: UUID, task_id: UUID) -> None:
    await attachments.require_editor(principal, project_id, task_id)


@routes.post(
    ATTACHMENTS,
    summary="Attach a file (multipart) or a link (JSON)",
    errors=[
        LimitReached,
        ProjectNotFound,
        TaskNotFound,
        Forbidden,
        TierLimitExceeded,
        BadRequest,
        MalformedJson,
        TooLarge,
        UnsupportedMediaType,
        ValidationFailed,
        ObjectStoreUnavailable,
    ],
    streams_body=True,
    takes={FORM: None, JSON: CreateLink},
    authorize=require_editor,
)
async def add_attachment(
    request: Request,
    principal: Principal,
    attachments: AttachmentService,
    uploads: Uploads,
    project_id: UUID,
    task_id: UUID,
) -> Created[AttachmentView]:
    body = IncomingBody(request, JSON, limit=MAX_FILE_BYTES)
    async with uploads.spooled(body, principal.tenant_id) as upload:
        if request.headers.get("content-type", "").lower().startswith(FORM):
            return Created(await attachments.add_file(principal, project_id, task_id, upload))
        link = read_body(await asyncio.to_thread(upload.file.read, LONGEST_LINK), CreateLink)
        return Created(await attachments.add_link(principal, project_id, task_id, link))


@routes.delete(
    ATTACHMENT,
    summary="Take an attachment off a task",
    errors=[ProjectNotFound, TaskNotFound, AttachmentNotFound, Forbidden],
)
async def remove_attachment(
    principal: Principal, attachments: AttachmentService, project_id: UUID, task_id: UUID, attachment_id: UUID
) -> None:
    await attachments.remove(principal, project_id, task_id, attachment_id)


@routes.get(
    ATTACHMENT + "/download",
    summary="Be sent to an address that serves the file for five minutes",
    errors=[ProjectNotFound, TaskNotFound, AttachmentNotFound, AttachmentIsLink],
    gives=Raw(JSON, status=302, shape=Download),
)
async def download_attachment(
    principal: Principal, attachments: AttachmentService, project_id: UUID, task_id: UUID, attachment_id: UUID
) -> HTTPResponse:
    """A redirect for who follows it, with the same address in the body for who does not."""
    granted = await attachments.grant(principal, project_id, task_id, attachment_id)
    url = f"{DOWNLOADS}/{granted.token}"
    headers = {"Location": url, "Cache-Control": "no-store"}
    return json_answer({"data": Download(url, granted.expires_at)}, status=302, headers=headers)


@routes.get(
    DOWNLOADS + "/{token}",
    summary="The file itself, for whoever has the address",
    errors=[AttachmentNotFound, DownloadExpired, ObjectStoreUnavailable],
    public=True,
    gives=Raw(ANY_TYPE),
)
async def serve_attachment(attachments: AttachmentService, token: str) -> HttpAnswer:
    attachment, parts = await attachments.open(token)
    headers = inert_headers(attachment.name)
    return streamed(parts, headers, attachment.media_type or UNKNOWN_TYPE, attachment.size)
