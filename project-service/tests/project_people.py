"""Members of a tenant whom project-service knows."""

from project_client import ProjectClient

from shared.members import repository as members
from shared.messaging.memory import MemoryBus
from shared.principal import Principal
from shared.testing.eventually import eventually
from shared.testing.members import joined, tell


async def introduce(client: ProjectClient, bus: MemoryBus, *people: tuple[Principal, str, str | None]) -> None:
    """Members with address and displayed name, known to the service when this returns."""
    for who, email, name in people:
        await tell(bus, joined(who, email, name), who.tenant_id)
    for who, _, _ in people:
        await eventually(lambda who=who: is_known(client, who))


async def is_known(client: ProjectClient, who: Principal) -> bool:
    async with client.database.unit_of_work(who.tenant_id) as work:
        return who.user_id in await members.known(work, who.tenant_id, [who.user_id])
