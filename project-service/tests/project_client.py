"""A client that knows project-service's paths, and how to fill them."""

from typing import Any

from shared.principal import Principal
from shared.testing.service_client import ServiceClient

PROJECTS = "/api/v1/projects"
SESSIONS = "/api/v1/sessions"


class ProjectClient(ServiceClient):
    service = "project"

    async def new_project(self, who: Principal, **fields: Any) -> dict[str, Any]:
        return await self.create(PROJECTS, {"name": "Apollo", **fields}, who=who)

    async def new_task(self, who: Principal, project: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return await self.create(tasks_of(project), {"title": "Fly", **fields}, who=who)

    async def new_session(self, who: Principal, **fields: Any) -> dict[str, Any]:
        return await self.create(SESSIONS, {"name": "Night", "workspace_path": "/srv/apollo", **fields}, who=who)

    async def write_files(self, who: Principal, project: dict[str, Any], contents: dict[str, str]) -> dict[str, Any]:
        """One batch, `contents` by path; what was answered."""
        files = [{"path": path, "content": content} for path, content in contents.items()]
        answer = await self.send("PUT", files_of(project), {"files": files}, who=who)
        assert answer.status == 200, answer
        written: dict[str, Any] = answer.data
        return written

    async def join(self, project: dict[str, Any], who: Principal, role: str) -> None:
        """Puts somebody on a project's team."""
        async with self.database.unit_of_work(who.tenant_id) as work:
            await work.execute(
                "insert into project_members (id, tenant_id, project_id, user_id, role, created_at)"
                " values (gen_random_uuid(), $1, $2, $3, $4, now())",
                who.tenant_id,
                project["id"],
                who.user_id,
                role,
            )


def project_path(project: dict[str, Any]) -> str:
    return f"{PROJECTS}/{project['id']}"


def session_path(session: dict[str, Any]) -> str:
    return f"{SESSIONS}/{session['id']}"


def tasks_of(project: dict[str, Any]) -> str:
    return f"{PROJECTS}/{project['id']}/tasks"


def task_path(task: dict[str, Any]) -> str:
    return f"{PROJECTS}/{task['project_id']}/tasks/{task['id']}"


def files_of(project: dict[str, Any]) -> str:
    return f"{PROJECTS}/{project['id']}/files"


def file_path(file: dict[str, Any]) -> str:
    return f"{PROJECTS}/{file['project_id']}/files/{file['id']}"


def versions_of(project: dict[str, Any]) -> str:
    return f"{PROJECTS}/{project['id']}/versions"
