"""Templates over HTTP, and that what they make really works."""

import asyncio
import json
import py_compile
import socket
import sys
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientSession
from project_builders import person
from project_client import PROJECTS, ProjectClient, files_of, tasks_of, versions_of

from project_service.files.paths import parse_path
from project_service.templates.library import Library
from shared.principal import Role
from shared.testing.eventually import eventually

BEGIN = f"{PROJECTS}/from-template"
HOSTILE = '"); <script>alert(1)</script> \\" ${x} {{description}}'


def filled(template_id: str, name: str = "Moon", **variables: str) -> dict[str, str]:
    return Library().get(template_id).filled(name, variables)


async def test_every_template_makes_a_project_with_files_and_tasks(client: ProjectClient) -> None:
    ada = person()
    listed = (await client.send("GET", f"{PROJECTS}/templates", who=ada)).items

    assert [template["id"] for template in listed] == ["blank", "python-api", "react-app", "static-site"]
    for template in listed:
        answer = await client.send("POST", BEGIN, {"template_id": template["id"], "name": "Moon"}, who=ada)
        assert (answer.status, answer.headers["location"]) == (201, f"{PROJECTS}/{answer.data['id']}")
        files = (await client.send("GET", files_of(answer.data), who=ada)).items
        assert sorted(file["path"] for file in files) == sorted(template["files"])
        assert (await client.send("GET", tasks_of(answer.data), who=ada)).json["total"] == template["task_count"]
        assert answer.data["counts"]["tasks"] == template["task_count"]
        assert (await client.send("GET", versions_of(answer.data), who=ada)).items[0]["kind"] == "template"


@pytest.mark.parametrize(
    ("body", "status", "wrong"),
    [
        ({"template_id": "none", "name": "x"}, 404, None),
        ({"template_id": "../blank", "name": "x"}, 404, None),
        ({"template_id": "blank", "name": "x", "variables": {"color": "red"}}, 422, {"variables.color": "unknown"}),
        (
            {"template_id": "blank", "name": "x", "variables": {"description": "a\nb", "project_name": "y"}},
            422,
            {"variables.description": "invalid_format", "variables.project_name": "unknown"},
        ),
        ({"template_id": "blank"}, 422, {"name": "required"}),
    ],
)
async def test_what_no_template_has_is_refused(
    client: ProjectClient, body: Any, status: int, wrong: dict[str, str] | None
) -> None:
    answer = await client.send("POST", BEGIN, body, who=person())

    assert answer.status == status
    assert answer.code == ("VALIDATION_ERROR" if wrong else "TEMPLATE_NOT_FOUND")
    assert not wrong or answer.wrong_fields == wrong


async def test_who_may_not_create_projects_may_not_begin_with_a_template(client: ProjectClient) -> None:
    answer = await client.send("POST", BEGIN, {"template_id": "blank", "name": "x"}, who=person(Role.DEVELOPER))

    assert (answer.status, answer.code) == (403, "AUTH_FORBIDDEN")


@pytest.mark.parametrize("template", Library().all(), ids=lambda template: template.id)
def test_every_place_is_filled_and_every_path_is_fit(template: Any) -> None:
    files = template.filled("Moon", {})

    assert "README.md" in files
    assert not any("{{" in text for text in files.values())
    assert [parse_path(path) for path in files] == list(files)


def test_values_stay_text_in_every_kind_of_file(tmp_path: Path) -> None:
    page = filled("static-site", HOSTILE, description=HOSTILE)["index.html"]
    module = filled("python-api", HOSTILE, description=HOSTILE)["app.py"]
    package = filled("react-app", HOSTILE, description=HOSTILE)["package.json"]

    class Scripts(HTMLParser):
        found = 0

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            self.found += tag == "script"

    scripts = Scripts()
    scripts.feed(page)
    assert scripts.found == 1
    (tmp_path / "app.py").write_text(module)
    py_compile.compile(str(tmp_path / "app.py"), cfile=str(tmp_path / "app.pyc"), doraise=True)
    assert json.loads(package)["description"] == HOSTILE
    assert json.loads(package)["name"] == "script-alert-1-script-x-description"


async def test_the_python_api_answers(tmp_path: Path) -> None:
    """Started as its README says, but for the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "app.py").write_text(filled("python-api", 'The "moon"')["app.py"].replace("8080", str(port)))
    process = await asyncio.create_subprocess_exec(sys.executable, "app.py", cwd=tmp_path, stdout=-3, stderr=-3)
    try:
        async with ClientSession(f"http://127.0.0.1:{port}") as session:

            async def is_named() -> bool:
                with suppress(ClientConnectionError):
                    async with session.get("/") as answer:
                        return (await answer.json())["name"] == 'The "moon"'
                return False

            await eventually(is_named, within=20)
            assert (await session.post("/notes", json={"text": "Hello"})).status == 201
            assert (await session.post("/notes", json={})).status == 400
            assert await (await session.get("/notes")).json() == [{"id": 1, "text": "Hello"}]
    finally:
        process.terminate()
        await process.wait()
