"""The wire types of templates."""

from typing import Annotated

import msgspec

from project_service.projects.schemas import Name
from shared.pagination import PageQuery

MAX_VARIABLES = 50

VariableName = Annotated[str, msgspec.Meta(max_length=100)]
Value = Annotated[str, msgspec.Meta(max_length=500)]


class TemplateView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    description: str
    variables: dict[str, str]
    """What may be given besides the project's name, each with the text that stands there otherwise."""
    files: list[str]
    task_count: int


class TemplateQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class CreateFromTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    template_id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    name: Name
    variables: Annotated[dict[VariableName, Value], msgspec.Meta(max_length=MAX_VARIABLES)] = {}
