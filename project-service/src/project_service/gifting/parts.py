"""The parts of gift planning, and how they hang together."""

from project_service.gifting.dashboard.routes import routes as dashboard_routes
from project_service.gifting.dashboard.service import DashboardService
from project_service.gifting.gifts.metadata import METADATA, USER_AGENT, MetadataFiller, ProductReader
from project_service.gifting.gifts.page_reader import PageReader
from project_service.gifting.gifts.routes import routes as gift_routes
from project_service.gifting.gifts.service import GiftService
from project_service.gifting.items.routes import routes as item_routes
from project_service.gifting.items.service import ItemService
from project_service.gifting.lists.revealing import REVEAL, Revealer
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
from shared.http.app import App
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker

ROUTES = (person_routes, occasion_routes, list_routes, item_routes, gift_routes, dashboard_routes)


class Planning:
    def __init__(self, settings: ProjectSettings, database: Database, clock: Clock, jobs: JobQueue) -> None:
        self._client = OutboundClient(settings.allowed_destinations(), user_agent=USER_AGENT)
        self._pages = PageReader()
        self._clock = clock
        self._reader = ProductReader(self._client, self._pages)
        self.dashboard = DashboardService(database, clock)
        self.persons = PersonService(database, clock)
        self.items = ItemService(database, clock)
        self.services: tuple[object, ...] = (
            self.persons,
            OccasionService(database, clock),
            ListService(database, clock, jobs),
            self.items,
            GiftService(database, clock, self._reader, jobs),
            self.dashboard,
        )

    def setup(self, app: App, worker: JobWorker) -> None:
        """Before `run_jobs`, which then stops first: no page is called unreadable because its reader ends."""
        filler = MetadataFiller(self._reader, self._clock)
        worker.on(METADATA, filler.fill, filler.give_up)
        worker.on(REVEAL, Revealer(self._clock).reveal)

        @app.before_server_start
        async def open_pages(_app: App) -> None:
            await self._client.open()

        @app.before_server_stop
        async def close_pages(_app: App) -> None:
            await self._pages.close()
            await self._client.close()
