"""The parts of gift planning, and how they hang together."""

from project_service.gifting.dashboard.routes import routes as dashboard_routes
from project_service.gifting.dashboard.service import DashboardService
from project_service.gifting.gifts.metadata import USER_AGENT, MetadataFiller, ProductReader
from project_service.gifting.gifts.page_reader import PageReader
from project_service.gifting.gifts.routes import routes as gift_routes
from project_service.gifting.gifts.service import GiftService
from project_service.gifting.items.routes import routes as item_routes
from project_service.gifting.items.service import ItemService
from project_service.gifting.lists.revealing import Revealer
from project_service.gifting.lists.routes import routes as list_routes
from project_service.gifting.lists.service import ListService
from project_service.gifting.occasions.routes import routes as occasion_routes
from project_service.gifting.occasions.service import OccasionService
from project_service.gifting.persons.routes import routes as person_routes
from project_service.gifting.persons.service import PersonService
from project_service.outbound.client import OutboundClient
from project_service.settings import ProjectSettings
from shared.clock import Clock
from shared.db.databases import Database

ROUTES = (person_routes, occasion_routes, list_routes, item_routes, gift_routes, dashboard_routes)


class Planning:
    """`run` fills gifts from their addresses; until it runs, no page is fetched."""

    def __init__(self, settings: ProjectSettings, database: Database, clock: Clock) -> None:
        self._client = OutboundClient(settings.allowed_destinations(), user_agent=USER_AGENT)
        self._pages = PageReader()
        reader = ProductReader(self._client, self._pages)
        self._filler = MetadataFiller(database, reader, clock)
        self.dashboard = DashboardService(database, clock)
        self.persons = PersonService(database, clock)
        self.items = ItemService(database, clock)
        self.reveal_due = Revealer(database, clock).reveal_due
        self.services: tuple[object, ...] = (
            self.persons,
            OccasionService(database, clock),
            ListService(database, clock),
            self.items,
            GiftService(database, clock, reader, self._filler.wake),
            self.dashboard,
        )

    async def run(self) -> None:
        await self._client.open()
        try:
            await self._filler.run()
        finally:
            await self._pages.close()
            await self._client.close()
