"""Members by invitation: auth-service tells that somebody accepted, and asks beforehand who may invite."""

from typing import Any
from uuid import UUID

import pytest
from project_builders import person
from project_client import ProjectClient, project_path
from project_people import introduce

from shared.events.auth import InvitationAccepted
from shared.events.projects import ProjectRole
from shared.events.questions import ProjectStanding
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Principal, Role
from shared.testing.callers import GLOBEX
from shared.testing.eventually import eventually
from shared.testing.members import tell


async def test_who_accepted_is_a_member_however_often_it_is_told(client: ProjectClient, bus: MemoryBus) -> None:
    ada, guest = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada)
    accepted = about(guest, project, "viewer")

    await tell(bus, accepted, guest.tenant_id)
    await tell(bus, accepted, guest.tenant_id)
    await eventually(lambda: has_role(client, guest, project, "viewer"))
    await tell(bus, about(guest, project, "editor"), guest.tenant_id)
    await eventually(lambda: has_role(client, guest, project, "editor"))


async def test_a_member_never_loses_by_an_invitation(client: ProjectClient, bus: MemoryBus) -> None:
    ada, guest = person(), person(Role.DEVELOPER)
    project, other = await client.new_project(ada), await client.new_project(ada)
    await tell(bus, about(ada, project, "viewer"), ada.tenant_id)
    await tell(bus, about(guest, other, "viewer"), ada.tenant_id)

    await eventually(lambda: has_role(client, guest, other, "viewer"))

    assert await has_role(client, ada, project, "owner")


async def test_a_project_of_another_tenant_takes_no_members_from_here(client: ProjectClient, bus: MemoryBus) -> None:
    ada, stranger = person(), person(Role.DEVELOPER, GLOBEX)
    project, theirs = await client.new_project(ada), await client.new_project(person(Role.OWNER, GLOBEX))
    await tell(bus, about(stranger, project, "owner"), stranger.tenant_id)
    await tell(bus, about(stranger, theirs, "viewer"), stranger.tenant_id)

    await eventually(lambda: has_role(client, stranger, theirs, "viewer"))

    assert (await client.send("GET", project_path(project), who=stranger)).status == 404


@pytest.mark.parametrize("how", ["demoted", "removed"])
async def test_who_owns_the_project_no_more_brings_nobody_onto_its_team(
    client: ProjectClient, bus: MemoryBus, how: str
) -> None:
    ada, inviter = person(), person(Role.MANAGER)
    await introduce(client, bus, (inviter, "inviter@example.com", None))
    project, other = await client.new_project(ada), await client.new_project(inviter)
    await client.join(project, inviter, "owner")
    place = f"{project_path(project)}/team/{inviter.user_id}"
    method, body = ("DELETE", None) if how == "removed" else ("PATCH", {"role": "editor"})
    assert (await client.send(method, place, body, who=ada)).status in (200, 204)
    first, second = person(Role.DEVELOPER), person(Role.DEVELOPER)

    await tell(bus, about(first, project, "viewer", inviter), first.tenant_id)
    await tell(bus, about(second, other, "viewer", inviter), second.tenant_id)

    await eventually(lambda: has_role(client, second, other, "viewer"))
    assert not await has_role(client, first, project, "viewer")


@pytest.mark.parametrize("who", ["founder", "stranger", "colleague"])
async def test_ones_standing_in_a_project_can_be_asked(client: ProjectClient, bus: MemoryBus, who: str) -> None:
    ada = person()
    project = await client.new_project(ada)
    asked = {"founder": ada, "stranger": person(Role.OWNER, GLOBEX), "colleague": person(Role.DEVELOPER)}[who]

    answer = await Requests(bus).ask(ProjectStanding(principal=asked, project_id=UUID(project["id"])))

    assert answer.role == (ProjectRole.OWNER if who == "founder" else None)


def about(guest: Principal, project: dict[str, Any], role: str, inviter: Principal | None = None) -> InvitationAccepted:
    return InvitationAccepted(
        tenant_id=guest.tenant_id,
        user_id=guest.user_id,
        project_id=UUID(project["id"]),
        project_role=ProjectRole(role),
        invited_by=None if inviter is None else inviter.user_id,
    )


async def has_role(client: ProjectClient, who: Principal, project: dict[str, Any], role: str) -> bool:
    answer = await client.send("GET", project_path(project), who=who)
    return answer.status == 200 and answer.data["my_role"] == role
