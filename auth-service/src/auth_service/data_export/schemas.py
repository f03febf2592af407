"""Wire types of data exports."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class JobStatus(StrEnum):
    READY = "ready"


class ExportJob(msgspec.Struct, frozen=True, kw_only=True):
    """`url` is where its owner downloads the document, signed in, until `expires_at`."""

    id: UUID
    status: JobStatus
    url: str
    created_at: datetime
    expires_at: datetime


class ExportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    job: ExportJob
