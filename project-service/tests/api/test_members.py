"""The copy of who belongs to the tenants: what happened last counts, and nothing personal outlives leaving."""

from datetime import UTC, datetime, timedelta

import pytest
from project_builders import person
from project_client import ProjectClient, project_path
from project_people import introduce, is_known

from project_service.members import repository as project_members
from shared.db.databases import Database
from shared.events.auth import UserState
from shared.events.questions import MemberDirectory, MemberDirectoryAnswer
from shared.members import repository as members
from shared.members.directory import DirectoryReader
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests, Responder
from shared.principal import Role
from shared.testing.callers import ACME, GLOBEX
from shared.testing.eventually import eventually
from shared.testing.members import joined, left, tell, user

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


async def test_late_news_change_nothing(client: ProjectClient, bus: MemoryBus) -> None:
    ada, witness = person(), person()
    await tell(bus, left(ada), ACME, at=NOON)
    await tell(bus, joined(ada, "ada@example.com"), ACME, at=NOON - SECOND)

    await introduce(client, bus, (witness, "witness@example.com", None))

    assert not await is_known(client, ada)


async def test_who_comes_back_is_a_member_again(client: ProjectClient, bus: MemoryBus) -> None:
    ada = person()
    await tell(bus, joined(ada, "ada@example.com"), ACME, at=NOON)
    await tell(bus, left(ada), ACME, at=NOON + SECOND)
    await tell(bus, joined(ada, "ada@example.com"), ACME, at=NOON + 2 * SECOND)

    await eventually(lambda: is_known(client, ada))


async def test_nothing_about_a_person_is_kept_when_they_are_gone(client: ProjectClient, bus: MemoryBus) -> None:
    ada = person()
    project = await client.new_project(ada)
    await introduce(client, bus, (ada, "ada@example.com", "Ada"))
    await client.send("POST", f"{project_path(project)}/favorite", who=ada)

    await tell(bus, left(ada), ACME)
    await eventually(lambda: is_gone(client))

    [row] = await client.database.system_rows("select * from tenant_members")
    kept = {name for name, value in row.items() if value}
    assert kept == {"tenant_id", "user_id", "as_of"}
    assert await client.database.system_rows("select * from project_favorites") == []


async def test_members_of_one_tenant_are_not_those_of_another(client: ProjectClient, bus: MemoryBus) -> None:
    eve = person(Role.OWNER, GLOBEX)
    await introduce(client, bus, (eve, "eve@example.com", "Eve"))

    async with client.database.unit_of_work(ACME) as work:
        assert await members.known(work, ACME, [eve.user_id]) == set()
        assert await project_members.find_by_email(work, GLOBEX, "eve@example.com") is None


@pytest.mark.parametrize("count", [0, 1, 1203])
async def test_all_members_are_read_from_auth_service_at_the_start(
    database: Database, bus: MemoryBus, count: int
) -> None:
    people = [user(person(), f"p{number}@example.com", updated_at=NOON) for number in range(count)]
    await directory_of(bus, people)

    await DirectoryReader(database, Requests(bus)).read()
    await DirectoryReader(database, Requests(bus)).read()

    async with database.unit_of_work(ACME) as work:
        assert len(await members.known(work, ACME, [one.id for one in people])) == count


async def test_a_page_of_the_directory_undoes_no_later_event(client: ProjectClient, bus: MemoryBus) -> None:
    ada = person()
    await introduce(client, bus, (ada, "new@example.com", None))
    await directory_of(bus, [user(ada, "old@example.com", updated_at=NOON)])

    await DirectoryReader(client.database, Requests(bus)).read()

    async with client.database.unit_of_work(ACME) as work:
        assert await project_members.find_by_email(work, ACME, "NEW@example.com") == ada.user_id


async def directory_of(bus: MemoryBus, people: list[UserState]) -> None:
    """auth-service, as far as it is asked."""

    async def answer(question: MemberDirectory) -> MemberDirectoryAnswer:
        after = (question.after_tenant, question.after_user)
        rest = sorted((one for one in people if (one.tenant_id, one.id) > after), key=lambda one: one.id)
        return MemberDirectoryAnswer(rest[: question.limit])

    responder = Responder(bus, "auth")
    responder.on(MemberDirectory, answer)
    await responder.start()


async def is_gone(client: ProjectClient) -> bool:
    return await client.database.system_rows("select 1 from tenant_members where is_member") == []
