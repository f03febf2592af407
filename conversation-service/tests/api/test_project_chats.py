"""Chats of projects: whoever sees the project takes part, by what is told and by asking when somebody turns up."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from chat_client import CHATS, ChatClient, in_chat

from conversation_service.chats.abandoned import delete_abandoned
from shared.events.auth import MembershipChanged, MembershipRemoved
from shared.events.changes import Removed
from shared.events.projects import (
    ProjectAdded,
    ProjectDeleted,
    ProjectRole,
    ProjectState,
    ProjectUpdated,
    RemovedTeamMember,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamMemberState,
    Visibility,
)
from shared.events.questions import (
    ProjectStanding,
    ProjectStandingAnswer,
    ProjectTeam,
    ProjectTeamAnswer,
    TopicNotFound,
    TopicPosition,
)
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests, Responder
from shared.principal import Principal, Role
from shared.testing.callers import ACME
from shared.testing.eventually import eventually
from shared.testing.members import tell, user


class FakeProject:
    """What project-service would answer about one project."""

    def __init__(self) -> None:
        self.id = new_id()
        self.team: list[UUID] = []
        self.guests: list[UUID] = []

    async def standing(self, question: ProjectStanding) -> ProjectStandingAnswer:
        return ProjectStandingAnswer(self._role(question.principal, question.project_id))

    async def whole_team(self, question: ProjectTeam) -> ProjectTeamAnswer:
        role = self._role(question.principal, question.project_id)
        return ProjectTeamAnswer(role, [] if role is None else self.team)

    def _role(self, principal: Principal, project_id: UUID) -> ProjectRole | None:
        sees = project_id == self.id and principal.user_id in (*self.team, *self.guests)
        return ProjectRole.VIEWER if sees else None


@pytest.fixture
async def project(project_responder: Responder) -> FakeProject:
    fake = FakeProject()
    project_responder.on(ProjectStanding, fake.standing)
    project_responder.on(ProjectTeam, fake.whole_team)
    return fake


async def begin(chats: ChatClient, project: FakeProject, who: Principal) -> dict[str, Any]:
    return await chats.create(CHATS, {"kind": "project", "project_id": str(project.id)}, who=who)


async def status(chats: ChatClient, chat: dict[str, Any], who: Principal) -> int:
    return (await chats.send("GET", in_chat(chat), who=who)).status


async def becomes(chats: ChatClient, chat: dict[str, Any], who: Principal, wanted: int) -> None:
    async def is_so() -> bool:
        return await status(chats, chat, who) == wanted

    await eventually(is_so)


async def lists(chats: ChatClient, who: Principal) -> list[str]:
    return [item["id"] for item in (await chats.send("GET", CHATS, who=who)).items]


async def test_the_team_takes_part_from_the_start(chats: ChatClient, project: FakeProject) -> None:
    ada, ben, eve = await chats.member(), await chats.member(), await chats.member()
    project.team = [ada.user_id, ben.user_id]

    chat = await begin(chats, project, ada)

    assert await lists(chats, ben) == [chat["id"]]
    assert [await status(chats, chat, who) for who in (ada, ben, eve)] == [200, 200, 404]


async def test_a_project_that_one_does_not_see_has_no_chats(chats: ChatClient, project: FakeProject) -> None:
    ada = await chats.member()

    answers = [
        await chats.send("POST", CHATS, {"kind": "project", "project_id": str(given)}, who=ada)
        for given in (project.id, new_id())
    ]

    assert {(answer.status, answer.wrong_fields["project_id"]) for answer in answers} == {(422, "not_found")}


async def test_who_sees_the_project_takes_part_once_they_turn_up(
    chats: ChatClient, project: FakeProject, bus: MemoryBus
) -> None:
    ada, guest, follower = await chats.member(), await chats.member("Gil"), await chats.member()
    project.team, project.guests = [ada.user_id], [guest.user_id, follower.user_id]
    chat = await begin(chats, project, ada)

    assert await lists(chats, guest) == []
    said = await chats.write(guest, chat, "Hello")
    assert await lists(chats, guest) == [chat["id"]]
    assert [message["content"] for message in await chats.messages(ada, chat)] == ["Gil joined the chat.", "Hello"]
    assert said["number"] == 2
    topic = f"chat:{chat['id']}"
    assert await Requests(bus).ask(TopicPosition(principal=follower, topic=topic), service="conversation")


async def test_a_repeated_first_message_of_somebody_who_turns_up_is_one(
    chats: ChatClient, project: FakeProject
) -> None:
    ada, guest, stranger = await chats.member(), await chats.member("Gil"), await chats.member()
    project.team, project.guests = [ada.user_id], [guest.user_id]
    chat = await begin(chats, project, ada)
    path, key = f"/api/v1/chats/{chat['id']}/messages", {"Idempotency-Key": "hello"}

    answers = [
        await chats.send("POST", path, {"content": "Hello"}, who=who, headers=key) for who in (guest, guest, stranger)
    ]

    assert [answer.status for answer in answers] == [201, 201, 404]
    assert answers[0].data["id"] == answers[1].data["id"]


async def test_joining_and_leaving_the_team_is_followed(
    chats: ChatClient, project: FakeProject, bus: MemoryBus
) -> None:
    ada, ben = await chats.member(), await chats.member("Ben")
    project.team = [ada.user_id]
    chat = await begin(chats, project, ada)

    await tell(bus, joined_team(project, ben), ACME)

    async def is_listed() -> bool:
        return await lists(chats, ben) == [chat["id"]]

    await eventually(is_listed)
    await tell(bus, left_team(project, ben), ACME)
    await becomes(chats, chat, ben, 404)
    with pytest.raises(TopicNotFound):
        await Requests(bus).ask(TopicPosition(principal=ben, topic=f"chat:{chat['id']}"), service="conversation")
    contents = [message["content"] for message in await chats.messages(ada, chat)]
    assert contents == ["Ben joined the chat.", "Ben left the chat."]


async def test_an_answer_given_before_somebody_left_lets_nobody_in(
    chats: ChatClient, project: FakeProject, bus: MemoryBus
) -> None:
    ada, ben = await chats.member(), await chats.member()
    project.team = [ada.user_id]
    chat = await begin(chats, project, ada)
    await tell(bus, joined_team(project, ben), ACME, at=datetime.now(UTC) - timedelta(seconds=1))
    await becomes(chats, chat, ben, 200)

    await tell(bus, left_team(project, ben), ACME)
    await becomes(chats, chat, ben, 404)
    project.team = [ada.user_id, ben.user_id]

    assert await status(chats, chat, ben) == 404


async def test_an_answer_from_before_a_change_lets_no_stranger_in(
    chats: ChatClient, project: FakeProject, bus: MemoryBus
) -> None:
    ada, late, demoted = await chats.member(), await chats.member(), await chats.member()
    project.team, project.guests = [ada.user_id], [demoted.user_id]
    chat = await begin(chats, project, ada)
    assert await status(chats, chat, demoted) == 200

    await tell(bus, made_private(project), ACME)
    await becomes(chats, chat, demoted, 404)
    project.guests = [late.user_id, demoted.user_id]

    assert [await status(chats, chat, who) for who in (late, demoted, ada)] == [404, 404, 200]


async def test_a_guest_is_asked_about_anew_when_their_role_changes(
    chats: ChatClient, project: FakeProject, bus: MemoryBus
) -> None:
    ada, guest = await chats.member(), await chats.member()
    project.team, project.guests = [ada.user_id], [guest.user_id]
    chat = await begin(chats, project, ada)
    assert await status(chats, chat, guest) == 200

    project.guests = []
    for who in (guest, ada):
        changed = MembershipChanged(
            entity_id=who.user_id,
            version=2,
            tenant_id=ACME,
            user_id=who.user_id,
            role=Role.VIEWER,
            is_active=True,
            payload=user(who, "new@example.com"),
        )
        await tell(bus, changed, ACME)

    await becomes(chats, chat, guest, 404)
    assert await status(chats, chat, ada) == 200


async def test_guests_lose_a_project_that_becomes_private(
    chats: ChatClient, project: FakeProject, bus: MemoryBus
) -> None:
    ada, ben, guest = await chats.member(), await chats.member(), await chats.member()
    project.team, project.guests = [ada.user_id, ben.user_id], [guest.user_id]
    chat = await begin(chats, project, ada)
    assert await status(chats, chat, guest) == 200

    project.guests = []
    await tell(bus, made_private(project), ACME)

    await becomes(chats, chat, guest, 404)
    assert await status(chats, chat, ben) == 200


async def test_a_deleted_project_takes_its_chats_along_until_it_is_restored(
    chats: ChatClient, project: FakeProject, bus: MemoryBus
) -> None:
    ada, ben, guest = await chats.member(), await chats.member(), await chats.member()
    project.team, project.guests = [ada.user_id, ben.user_id], [guest.user_id]
    chat = await begin(chats, project, ada)
    await chats.write(guest, chat, "Hello")
    team, project.team, project.guests = project.team, [], []

    await tell(bus, ProjectDeleted(entity_id=project.id, version=2, payload=Removed(project.id)), ACME)

    await becomes(chats, chat, ada, 404)
    assert [await status(chats, chat, who) for who in (ben, guest)] == [404, 404]
    project.team = team
    restored = ProjectAdded(entity_id=project.id, version=3, payload=state_of(project))
    await tell(bus, restored, ACME)
    await becomes(chats, chat, ben, 200)
    assert (await lists(chats, ada), await lists(chats, guest)) == ([chat["id"]], [])
    assert [message["content"] for message in await chats.messages(ada, chat)][-1] == "Hello"


async def test_chats_of_purged_projects_go_for_good(chats: ChatClient, project: FakeProject, bus: MemoryBus) -> None:
    ada = await chats.member()
    project.team = [ada.user_id]
    gone = await begin(chats, project, ada)
    project.team = []
    await tell(bus, ProjectDeleted(entity_id=project.id, version=2, payload=Removed(project.id)), ACME)
    await becomes(chats, gone, ada, 404)
    other = await chats.group(ada)
    now = datetime.now(UTC)

    early = await prune(chats, now + timedelta(days=30))
    late = await prune(chats, now + timedelta(days=32))

    assert (early, late) == (0, 1)
    assert await lists(chats, ada) == [other["id"]]


async def test_a_chat_of_a_project_stays_when_all_who_saw_it_have_left(
    chats: ChatClient, project: FakeProject, bus: MemoryBus
) -> None:
    ben, owner = await chats.member(), await chats.member()
    project.team, project.guests = [ben.user_id], [owner.user_id]
    chat = await begin(chats, project, ben)
    await chats.write(ben, chat, "Hello")
    project.team = []
    left = MembershipRemoved(
        entity_id=ben.user_id, version=2, tenant_id=ACME, user_id=ben.user_id, payload=Removed(ben.user_id)
    )
    await tell(bus, left, ACME)
    await becomes(chats, chat, ben, 404)

    assert await prune(chats, datetime.now(UTC) + timedelta(days=400)) == 0

    assert await status(chats, chat, owner) == 200
    assert next(iter(await chats.messages(owner, chat)))["content"] == "Hello"


async def test_chats_of_a_restored_project_stay(chats: ChatClient, project: FakeProject, bus: MemoryBus) -> None:
    ada = await chats.member()
    project.team = [ada.user_id]
    chat = await begin(chats, project, ada)
    await tell(bus, ProjectDeleted(entity_id=project.id, version=2, payload=Removed(project.id)), ACME)
    await becomes(chats, chat, ada, 404)
    await tell(bus, ProjectAdded(entity_id=project.id, version=3, payload=state_of(project)), ACME)
    await becomes(chats, chat, ada, 200)

    await tell(bus, left_team(project, ada), ACME)
    await becomes(chats, chat, ada, 404)

    assert await prune(chats, datetime.now(UTC) + timedelta(days=400)) == 0


async def test_nobody_is_added_to_a_project_chat_by_hand(chats: ChatClient, project: FakeProject) -> None:
    ada, ben = await chats.member(), await chats.member()
    project.team = [ada.user_id]
    chat = await begin(chats, project, ada)

    answer = await chats.send("POST", in_chat(chat, "participants"), {"user_id": str(ben.user_id)}, who=ada)

    assert (answer.status, answer.code) == (409, "CHAT_PARTICIPANTS_FIXED")


def joined_team(project: FakeProject, who: Principal) -> TeamMemberAdded:
    now, member_id = datetime.now(UTC), new_id()
    member = TeamMemberState(
        id=member_id,
        tenant_id=ACME,
        project_id=project.id,
        user_id=who.user_id,
        role=ProjectRole.EDITOR,
        version=1,
        created_at=now,
        updated_at=now,
    )
    return TeamMemberAdded(entity_id=member_id, version=1, payload=member)


def left_team(project: FakeProject, who: Principal) -> TeamMemberRemoved:
    gone = RemovedTeamMember(id=new_id(), project_id=project.id, user_id=who.user_id)
    return TeamMemberRemoved(entity_id=gone.id, version=2, payload=gone)


def made_private(project: FakeProject) -> ProjectUpdated:
    return ProjectUpdated(entity_id=project.id, version=2, changed_fields=("visibility",), payload=state_of(project))


def state_of(project: FakeProject) -> ProjectState:
    now = datetime.now(UTC)
    return ProjectState(
        id=project.id,
        tenant_id=ACME,
        name="Apollo",
        description=None,
        owner_id=project.team[0],
        visibility=Visibility.PRIVATE,
        archived=False,
        version=2,
        created_at=now,
        updated_at=now,
    )


async def prune(chats: ChatClient, now: datetime) -> int:
    deleted = 0
    while True:
        async with chats.database.system_work() as work:
            portion = await delete_abandoned(work, now)
        deleted += portion
        if not portion:
            return deleted
