"""The templates: the folders in `folders`, each with its description in `template.json` and its files in `files`.

In a file `{{name}}` stands for a variable. `dot-` at the beginning of a file's name stands for a dot.
"""

import html
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import msgspec

from project_service.projects.schemas import Name
from project_service.tasks.schemas import CreateTask
from project_service.templates.errors import TemplateNotFound
from project_service.templates.schemas import TemplateView
from shared.errors import FieldError, ValidationFailed

FOLDER = Path(__file__).with_name("folders")
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
_LINE_ENDS_AND_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")


class Description(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The form of `template.json`. Names are checked like those of projects, tasks like those of people."""

    name: Name
    description: str
    variables: dict[str, str] = {}
    tasks: list[CreateTask] = []


class Template(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    description: Description
    files: dict[str, str]
    """Texts with places for variables, by path."""

    @property
    def view(self) -> TemplateView:
        described = self.description
        return TemplateView(
            id=self.id,
            name=described.name,
            description=described.description,
            variables=described.variables,
            files=list(self.files),
            task_count=len(described.tasks),
        )

    def filled(self, project_name: str, given: Mapping[str, str]) -> dict[str, str]:
        """The files of a project. Raises ValidationFailed for variables that the template does not have."""
        _refuse_wrong(given, self.description.variables)
        names = {"project_name": project_name, "project_slug": _slug(project_name)}
        values = {**self.description.variables, **given, **names}
        return {path: _fill(path, text, values) for path, text in self.files.items()}


class Library:
    """All templates, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        folders = sorted(path.parent for path in folder.glob("*/template.json"))
        self._templates = {each.name: _read(each) for each in folders}

    def all(self) -> list[Template]:
        return list(self._templates.values())

    def get(self, template_id: str) -> Template:
        """Raises TemplateNotFound."""
        if template_id not in self._templates:
            raise TemplateNotFound
        return self._templates[template_id]


def _read(folder: Path) -> Template:
    description = msgspec.json.decode((folder / "template.json").read_bytes(), type=Description)
    root = folder / "files"
    files = {_path(file.relative_to(root)): file.read_text() for file in sorted(root.rglob("*")) if file.is_file()}
    return Template(id=folder.name, description=description, files=files)


def _path(file: Path) -> str:
    name = re.sub(r"^dot-", ".", file.name)
    return file.with_name(name).as_posix()


def _refuse_wrong(given: Mapping[str, str], known: Mapping[str, str]) -> None:
    wrong = []
    for name, value in given.items():
        if name not in known:
            wrong.append(FieldError(f"variables.{name}", "unknown", "This template has no such variable."))
        elif _LINE_ENDS_AND_CONTROLS.search(value):
            wrong.append(FieldError(f"variables.{name}", "invalid_format", "Give one line of text."))
    if wrong:
        raise ValidationFailed(wrong)


def _fill(path: str, text: str, values: Mapping[str, str]) -> str:
    """Values are texts of strangers: in each kind of file they are written so that they stay a text."""
    written = _WRITTEN_IN.get(PurePosixPath(path).suffix, _in_quotes)
    return _PLACE.sub(lambda place: written(values[place[1]]), text)


def _in_quotes(value: str) -> str:
    """Between double quotes of JSON, Python, JavaScript or TypeScript."""
    return json.dumps(_LINE_ENDS_AND_CONTROLS.sub(" ", value))[1:-1]


def _in_markup(value: str) -> str:
    return html.escape(_LINE_ENDS_AND_CONTROLS.sub(" ", value))


_WRITTEN_IN: Mapping[str, Callable[[str], str]] = {".html": _in_markup, ".md": _in_markup}


def _slug(name: str) -> str:
    return _NOT_IN_SLUG.sub("-", name.lower()).strip("-")[:100] or "project"
