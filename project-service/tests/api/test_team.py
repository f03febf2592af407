"""Teams of projects: joining, roles, leaving, and that an owner remains."""

import asyncio
from typing import Any

import pytest
from project_builders import person
from project_client import ProjectClient, project_path
from project_people import introduce

from shared.errors import EmailNotVerified
from shared.events.questions import InvitationRoom, InvitationRoomAnswer, TopicNotFound, TopicPosition
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests, Responder
from shared.principal import Principal, Role, Tier
from shared.quotas import Quota, require_room
from shared.testing.callers import ACME, GLOBEX
from shared.testing.eventually import eventually
from shared.testing.members import left, tell


@pytest.mark.parametrize(
    "named", [{"email": "BEN@example.com"}, {"username": "ben"}, {"username": "Benjamin B"}, {"username": "benjaminb"}]
)
async def test_a_member_of_the_tenant_joins_at_once(client: ProjectClient, bus: MemoryBus, named: Any) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    await introduce(client, bus, (ben, "ben@example.com", "Benjamin B"))
    project = await client.new_project(ada)

    answer = await invite(client, ada, project, **named, role="viewer")

    assert answer.status == 201
    assert (answer.data["user_id"], answer.data["role"]) == (str(ben.user_id), "viewer")
    assert (answer.data["display_name"], answer.data["email"]) == ("Benjamin B", "ben@example.com")
    team = (await client.send("GET", team_of(project), who=ben)).json
    assert [member["role"] for member in team["items"]] == ["owner", "viewer"]
    assert (await client.send("GET", project_path(project), who=ben)).data["counts"]["members"] == 2
    [_, told] = await client.events(ada, f"project:{project['id']}")
    assert told.type == "project.member.added"


async def test_who_is_on_the_team_is_not_added_twice(client: ProjectClient, bus: MemoryBus) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    await introduce(client, bus, (ben, "ben@example.com", None))
    project = await client.new_project(ada)

    answers = await asyncio.gather(*(invite(client, ada, project, email="ben@example.com") for _ in range(5)))
    weaker = await invite(client, ada, project, email="ben@example.com", role="viewer")

    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409]
    assert (weaker.status, weaker.code) == (409, "TEAM_MEMBER_EXISTS")


async def test_an_unknown_address_is_invited_by_mail(client: ProjectClient, bus: MemoryBus) -> None:
    ada = person(Role.MANAGER)
    project = await client.new_project(ada)
    key = {"Idempotency-Key": "once"}

    answers = [await invite(client, ada, project, email="new@example.com", headers=key) for _ in range(2)]

    assert [answer.status for answer in answers] == [202, 202]
    assert answers[0].body == answers[1].body
    assert answers[0].data == {"email": "new@example.com", "role": "editor"}
    asked = await client.database.system_rows("select data from outbox where type = 'project.invitation.requested'")
    assert len(asked) == 1


async def test_nobody_is_invited_into_a_tenant_without_a_seat(client: ProjectClient, bus: MemoryBus) -> None:
    ada = person(Role.MANAGER)
    project = await client.new_project(ada)

    async def room(_question: InvitationRoom) -> InvitationRoomAnswer:
        require_room(Quota.MEMBERS, Tier.FREE, 5)
        return InvitationRoomAnswer()

    responder = Responder(bus, "auth")
    responder.on(InvitationRoom, room)
    await responder.start()
    answer = await invite(client, ada, project, email="new@example.com")

    assert (answer.status, answer.code) == (403, "TIER_LIMIT_EXCEEDED")
    assert answer.json["error"]["details"]["used"] == 5
    assert await client.database.system_rows("select from outbox where type = 'project.invitation.requested'") == []


async def test_nobody_is_invited_by_an_account_without_a_proven_address(client: ProjectClient, bus: MemoryBus) -> None:
    ada = person(Role.MANAGER)
    project = await client.new_project(ada)
    asked: list[InvitationRoom] = []

    async def room(question: InvitationRoom) -> InvitationRoomAnswer:
        asked.append(question)
        raise EmailNotVerified

    responder = Responder(bus, "auth")
    responder.on(InvitationRoom, room)
    await responder.start()
    answer = await invite(client, ada, project, email="new@example.com")

    assert (answer.status, answer.code) == (403, "EMAIL_NOT_VERIFIED")
    assert [question.invited_by for question in asked] == [ada.user_id]
    assert await client.database.system_rows("select from outbox where type = 'project.invitation.requested'") == []


async def test_owners_of_projects_bring_nobody_into_the_tenant_unless_they_manage(client: ProjectClient) -> None:
    ada, dev = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada)
    await client.join(project, dev, "owner")

    answer = await invite(client, dev, project, email="new@example.com")

    assert (answer.status, answer.code) == (403, "AUTH_FORBIDDEN")


async def test_a_name_that_is_nobodys_or_two_peoples_is_not_found(client: ProjectClient, bus: MemoryBus) -> None:
    ada, stranger = person(), person(Role.OWNER, GLOBEX)
    await introduce(client, bus, (person(), "sam@one.example", None), (person(), "sam@two.example", None))
    await introduce(client, bus, (stranger, "eve@example.com", "Eve"))
    project = await client.new_project(ada)

    answers = [await invite(client, ada, project, username=name) for name in ("sam", "nobody", "eve")]

    assert [(answer.status, answer.code) for answer in answers] == [(404, "USER_NOT_FOUND")] * 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "a@example.com", "username": "a"},
        {"email": "no address"},
        {"email": "a\u0000@example.com"},
        {"username": " "},
        {"username": "a", "role": "king"},
        {"username": "a", "tenant_id": str(GLOBEX)},
    ],
)
async def test_an_invitation_names_one_person_in_one_way(client: ProjectClient, body: Any) -> None:
    ada = person()

    answer = await invite(client, ada, await client.new_project(ada), **body)

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")


async def test_owners_change_roles_if_nobody_was_faster(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada)
    await client.join(project, ben, "viewer")
    path = member_path(project, ben)

    changed = await client.send("PATCH", path, {"role": "editor"}, who=ada, headers={"If-Match": '"1"'})
    same = await client.send("PATCH", path, {"role": "EDITOR"}, who=ada)
    stale = await client.send("PATCH", path, {"role": "owner"}, who=ada, headers={"If-Match": '"1"'})
    unknown = await client.send("PATCH", member_path(project, person()), {"role": "owner"}, who=ada)

    assert (changed.data["role"], changed.data["version"]) == ("editor", 2)
    assert same.data["version"] == 2
    assert (stale.status, stale.json["error"]["details"]["current"]["role"]) == (412, "editor")
    assert (unknown.status, unknown.code) == (404, "USER_NOT_FOUND")


async def test_the_last_owner_stays_one(client: ProjectClient) -> None:
    ada, admin = person(), person(Role.ADMIN)
    project = await client.new_project(ada)
    path = member_path(project, ada)

    answers = [
        await client.send("DELETE", path, who=ada),
        await client.send("DELETE", path, who=admin),
        await client.send("PATCH", path, {"role": "editor"}, who=ada),
    ]

    assert [(answer.status, answer.code) for answer in answers] == [(409, "LAST_OWNER")] * 3


async def test_of_two_last_owners_who_leave_at_once_one_stays(client: ProjectClient) -> None:
    owners = [person(Role.DEVELOPER) for _ in range(4)]
    project = await client.new_project(person())
    for owner in owners:
        await client.join(project, owner, "owner")
    founder = (await client.send("GET", team_of(project), who=owners[0])).items[0]["user_id"]
    await client.send("DELETE", f"{team_of(project)}/{founder}", who=owners[0])

    answers = await asyncio.gather(*(client.send("DELETE", member_path(project, who), who=who) for who in owners))

    assert sorted(answer.status for answer in answers) == [204, 204, 204, 409]


async def test_everybody_may_leave_and_sees_no_more(client: ProjectClient, bus: MemoryBus) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada)
    await client.join(project, ben, "viewer")
    topic = TopicPosition(principal=ben, topic=f"project:{project['id']}")
    await Requests(bus).ask(topic, service="project")

    assert (await client.send("DELETE", member_path(project, ben), who=ben)).status == 204

    assert (await client.send("GET", project_path(project), who=ben)).status == 404
    with pytest.raises(TopicNotFound):
        await Requests(bus).ask(topic, service="project")
    assert [event.type for event in await client.events(ada, topic.topic)][-1] == "project.member.removed"


async def test_who_leaves_the_tenant_is_on_no_team(client: ProjectClient, bus: MemoryBus) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    await introduce(client, bus, (ben, "ben@example.com", None))
    project = await client.new_project(ada)
    await client.join(project, ben, "owner")

    await tell(bus, left(ben), ACME)

    await eventually(lambda: is_off_the_team(client, ada, project))
    assert [event.type for event in await client.events(ada, f"project:{project['id']}")][
        -1
    ] == "project.member.removed"


async def test_a_list_of_the_team_has_pages_and_cursors(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    for _ in range(4):
        await client.join(project, person(), "viewer")

    first = (await client.send("GET", f"{team_of(project)}?page_size=3", who=ada)).json
    rest = (await client.send("GET", f"{team_of(project)}?page_size=3&cursor={first['next_cursor']}", who=ada)).json
    second = (await client.send("GET", f"{team_of(project)}?page_size=3&page=2", who=ada)).json

    assert (first["total"], len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (5, 3, 2, None)
    assert rest["items"] == second["items"]


def team_of(project: dict[str, Any]) -> str:
    return f"{project_path(project)}/team"


def member_path(project: dict[str, Any], who: Principal) -> str:
    return f"{team_of(project)}/{who.user_id}"


async def invite(
    client: ProjectClient, who: Principal, project: dict[str, Any], headers: dict[str, str] | None = None, **body: Any
) -> Any:
    return await client.send("POST", f"{team_of(project)}/invite", body, who=who, headers=headers)


async def is_off_the_team(client: ProjectClient, ada: Principal, project: dict[str, Any]) -> bool:
    return len((await client.send("GET", team_of(project), who=ada)).items) == 1
