"""What somebody's export has of projects: what is theirs alone, what they said and where they take part."""

from project_builders import person
from project_client import ProjectClient, project_path

from project_service.held import SECTIONS
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Role
from shared.testing.held_data import everything_held


async def test_everything_that_is_ones_own_is_exported_and_nothing_of_others(
    client: ProjectClient, bus: MemoryBus
) -> None:
    ada, ben = person(Role.ADMIN), person(Role.ADMIN)
    for who in (ada, ben):
        project = await client.new_project(who)
        path = project_path(project)
        about = {"entity_type": "project", "entity_id": project["id"], "body": f"of {who.user_id}"}
        comment = await client.create(f"{path}/comments", about, who=who)
        await client.send("POST", f"{path}/comments/{comment['id']}/star", who=who)
        await client.send("POST", f"{path}/favorite", who=who)
        await client.new_session(who)
        hook = {"url": "https://example.com/hook", "events": ["*"]}
        await client.create("/api/v1/webhooks", hook, who=who)

    held, _ = await everything_held(Requests(bus), "project", ada)

    assert list(held) == [section.name for section in SECTIONS]
    own = ("workspace_sessions", "team_memberships", "favorites", "starred_comments", "comments", "webhooks")
    assert {name: len(held[name]) for name in own} == dict.fromkeys(own, 1)
    assert held["comments"][0]["body"] == f"of {ada.user_id}"
    assert "secret" not in str(held["webhooks"])
