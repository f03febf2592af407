"""A household that plans gifts: whoever a list is for, and others who claim what is on it."""

from typing import Any, NamedTuple

from project_builders import person
from project_client import ProjectClient
from project_people import joined

from shared.members import repository as members
from shared.members.domain import member_of
from shared.principal import Principal, Role

API = "/api/v1"

Json = dict[str, Any]


class Household(NamedTuple):
    """`ada` is a person here; `ben`, `cleo` and the tenant's owner `olga` plan behind her back."""

    client: ProjectClient
    ada: Principal
    ben: Principal
    cleo: Principal
    olga: Principal
    ada_as_person: Json

    async def new(self, path: str, who: Principal, **fields: Any) -> Json:
        return await self.client.create(f"{API}/{path}", fields, who=who)

    async def wishlist(self, who: Principal, **fields: Any) -> Json:
        """For Ada, unless `fields` say otherwise."""
        return await self.new("lists", who, **{"name": "Wishes", "person_id": self.ada_as_person["id"], **fields})

    async def item(self, who: Principal, gift_list: Json, **fields: Any) -> Json:
        return await self.new(f"lists/{gift_list['id']}/items", who, **{"name": "A kite", **fields})

    async def move(self, who: Principal, item: Json, *statuses: str) -> Any:
        answer = None
        for status in statuses:
            answer = await self.client.send("PUT", f"{API}/list-items/{item['id']}/status", {"status": status}, who=who)
        return answer

    async def assign(self, who: Principal, item: Json, to: Principal | None, **fields: Any) -> Any:
        body = {"user_id": str(to.user_id) if to else None, **fields}
        return await self.client.send("PUT", f"{API}/list-items/{item['id']}/assign", body, who=who)

    async def read(self, path: str, who: Principal) -> Any:
        return await self.client.send("GET", f"{API}/{path}", who=who)


async def move_in(client: ProjectClient) -> Household:
    ada, ben, cleo = (person(Role.DEVELOPER) for _ in range(3))
    olga = person(Role.OWNER)
    await make_members(client, ada, ben, cleo, olga)
    linked = {"name": "Ada", "user_id": str(ada.user_id)}
    return Household(client, ada, ben, cleo, olga, await client.create(f"{API}/persons", linked, who=olga))


async def make_members(client: ProjectClient, *people: Principal) -> None:
    """As if auth-service had told of them."""
    for number, who in enumerate(people):
        event = joined(who, f"member{number}@example.com")
        async with client.database.unit_of_work(who.tenant_id) as work:
            await members.apply(work, [member_of(event.payload, event.payload.updated_at)])
