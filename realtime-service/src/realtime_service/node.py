"""One node of realtime-service: its event queue, hub and connections, and how they begin and end."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from realtime_service.access import Access
from realtime_service.bus_watch import LOOK_SECONDS as BUS_SECONDS, BusWatch
from realtime_service.connection import Connection, Session, Socket
from realtime_service.connections import Connections
from realtime_service.credentials import REFUSALS, Authenticator, Credentials, token_verifier
from realtime_service.dialects.topics import subscription_budget
from realtime_service.drain import drain
from realtime_service.feed import Feed
from realtime_service.following import LiveParts
from realtime_service.hub import Hub
from realtime_service.metrics import LiveMetrics
from realtime_service.passing import Passing
from realtime_service.polling import PollingSocket, Polls
from realtime_service.presence.names import Names
from realtime_service.presence.service import Presence
from realtime_service.repairs import Repairs
from realtime_service.replay import Keepers
from realtime_service.replay_turns import ReplayTurns
from realtime_service.revocations import CatchUp, Revocations
from realtime_service.settings import RealtimeSettings
from realtime_service.silence import LOOK_SECONDS as SILENCE_LOOK_SECONDS, SilenceWatch
from realtime_service.tenant_connections import OtherNodes
from realtime_service.typing_signals import Typing, TypingSignals
from realtime_service.upgrade import Upgrade
from realtime_service.websocket import WebSocket
from shared.clock import Clock
from shared.errors import TesseraError
from shared.events.auth import (
    ApiKeyRevoked,
    Heartbeat,
    MembershipAdded,
    MembershipChanged,
    MembershipRemoved,
    SessionRevoked,
    TenantClosed,
)
from shared.events.chats import ChatParticipantsAdded, ChatParticipantsRemoved
from shared.events.envelope import Envelope
from shared.events.gifting import GiftListUpdated, PersonAdded, PersonDeleted, PersonUpdated
from shared.events.projects import ProjectDeleted, ProjectUpdated, TeamMemberAdded, TeamMemberRemoved, TeamMemberUpdated
from shared.events.questions import EndedSession
from shared.events.registry import default_registry
from shared.events.topics import Topic
from shared.http.app import Request
from shared.http.caller import read_caller
from shared.identity import QUERY_HEADER, IdentityVerifier
from shared.messaging.bus import Bus
from shared.messaging.requests import Requests
from shared.messaging.signals import Signals
from shared.messaging.timeline import LogEpoch
from shared.principal import Principal
from shared.stopping import STEP_SECONDS, run_steps
from shared.supervision import PeriodicTask, SupervisedTask, Supervisor, Work
from shared.telemetry.metrics import Metrics

Dialect = Callable[[LiveParts, Connection], Session]

AUDIENCE = "realtime"
PRUNE_SECONDS = 30.0
_WHO_SEES_IT = frozenset({"visibility", "reveal_at"})  # fields of projects and lists
CHECKED_AT_ONCE = 50  # connections whose rights are in doubt
CHECK_PAUSE_SECONDS = 0.05
LEAVE_SECONDS = STEP_SECONDS - 0.5  # of the step in which the node stops; the rest is for its tasks
OPEN_QUESTIONS = 32  # about those rights; more would only wait at the keepers, until it is too late for an answer


class Arrival(NamedTuple):
    """Who comes, as far as the handshake tells, and from which address."""

    credentials: Credentials | None
    address: str
    refusal: TesseraError | None = None
    """Of the credential that was shown."""
    is_from_query: bool = False
    """The credential stood in the address of the handshake: later requests of the same client need not repeat it."""

    @property
    def owner(self) -> Principal | None:
        """Who has to show the same header or cookie with each later request of this session."""
        return None if self.credentials is None or self.is_from_query else self.credentials.principal

    def checked(self) -> "Arrival":
        """For dialects that refuse by HTTP. Raises the refusal."""
        if self.refusal is not None:
            raise self.refusal
        return self


class Node:
    def __init__(self, settings: RealtimeSettings, bus: Bus, clock: Clock, metrics: Metrics, tasks: Supervisor) -> None:
        live_metrics, requests, registry = LiveMetrics(metrics), Requests(bus), default_registry()
        keepers = Keepers(requests, registry)
        self.is_leaving = False
        self._bus = bus
        self._supervisor = tasks
        self._tasks: list[SupervisedTask] = []
        self._watch = BusWatch(bus, self._bus_changed)
        self._repairs = Repairs(keepers, live_metrics, self._watch.is_back)
        self._doubted: dict[Connection, None] = {}
        self._has_doubts = asyncio.Event()
        self._hub = Hub(self._repairs.begin, self._repairs.cancel, live_metrics.crowd_written)
        self._feed = Feed(self._hub, registry, live_metrics, clock)
        self._passing = Passing(self._hub, Signals(bus))
        self._access = Access(keepers)
        self._revocations = Revocations()
        self._catch_up = CatchUp(requests, self._session_ended)
        self._silence = SilenceWatch(self._silence_changed, self._catch_up.begin)
        self._other_nodes = OtherNodes(Signals(bus))
        self._connections = Connections(settings, clock, live_metrics, self._other_nodes)
        identities = IdentityVerifier(AUDIENCE, settings.internal_secret, clock)
        self.authenticator = Authenticator(identities, token_verifier(requests, clock), self._revocations)
        self._typing = TypingSignals(Signals(bus), self._heard_typing)
        self.polls = Polls()
        self._presence = Presence(Signals(bus), self._connections.wheel)
        self.parts = LiveParts(
            hub=self._hub,
            access=self._access,
            keepers=keepers,
            requests=requests,
            authenticator=self.authenticator,
            metrics=live_metrics,
            typing=self._typing,
            presence=self._presence,
            names=Names(requests),
            is_bus_back=self._watch.is_back,
            ping_seconds=settings.ping_seconds,
            budget=subscription_budget(settings.rate_limit_scale),
            replays=ReplayTurns(),
            checks=asyncio.Semaphore(OPEN_QUESTIONS),
        )
        live_metrics.watch(topics=lambda: self._hub.topics_count, buffered=lambda: self._connections.buffered)

    async def start(self) -> None:
        self._feed.on(SessionRevoked, self._session_revoked)
        self._feed.on(ApiKeyRevoked, self._api_key_revoked)
        self._feed.on(TenantClosed, self._tenant_closed)
        for contract in (MembershipAdded, MembershipChanged, MembershipRemoved):
            self._feed.on(contract, self._membership_changed)
        for contract in (MembershipChanged, MembershipRemoved):
            self._feed.on(contract, self._member_lost_rights)
        for of_team in (TeamMemberAdded, TeamMemberUpdated, TeamMemberRemoved):
            self._feed.on(of_team, self._team_changed)
        self._feed.on(ProjectUpdated, self._visibility_changed)
        self._feed.on(GiftListUpdated, self._visibility_changed)
        self._feed.on(ProjectDeleted, self._project_deleted)
        for of_person in (PersonAdded, PersonUpdated, PersonDeleted):
            self._feed.on(of_person, self._person_changed)
        self._feed.on(Heartbeat, self._silence.heard)
        for of_chat in (ChatParticipantsAdded, ChatParticipantsRemoved):
            self._feed.on(of_chat, self._chat_participants_changed)
        await self._feed.connect(self._bus)
        await Signals(self._bus).on(LogEpoch, self._epoch_announced)
        await self._typing.connect()
        await self._presence.start()
        await self._passing.connect()
        await self._other_nodes.connect()
        self._watch.look()
        periodic = (
            PeriodicTask("prune known rights", PRUNE_SECONDS, self._prune_access, is_essential=True),
            PeriodicTask("prune ended sessions", PRUNE_SECONDS, self._prune_revocations, is_essential=True),
            PeriodicTask("watch the bus", BUS_SECONDS, self._watch.run, jitter=0.0, is_essential=True),
            PeriodicTask("watch for silence", SILENCE_LOOK_SECONDS, self._silence.run, jitter=0.0, is_essential=True),
        )
        lasting: tuple[tuple[str, Work], ...] = (
            ("turn the timer wheel", self._connections.wheel.run),
            ("read ended sessions", self._catch_up.run),
            ("check rights again", self._check_doubted),
            ("compare streams of other epochs", self._hub.epochs.run),
            ("send presence", self._presence.run),
            ("count connections of tenants", self._other_nodes.run),
        )
        self._tasks = [
            *map(self._supervisor.start_periodic, periodic),
            *(self._supervisor.start(name, work) for name, work in lasting),
        ]

    async def stop(self, drain_seconds: float) -> None:
        """The clients leave first, events come to the last of them until then."""
        self.is_leaving = True
        await run_steps([("send the clients away", partial(drain, self._connections, drain_seconds))], LEAVE_SECONDS)
        await asyncio.gather(*(task.stop() for task in self._tasks))
        await self._repairs.close()
        await self._other_nodes.turn()  # a node that stops counts nobody any more

    def arrival(self, request: Request) -> Arrival:
        """Raises AuthRequired for what the gateway has not signed."""
        address = read_caller(request).address
        is_from_query = QUERY_HEADER in request.headers
        try:
            return Arrival(self.authenticator.from_handshake(request), address, is_from_query=is_from_query)
        except REFUSALS as refusal:
            return Arrival(None, address, refusal)

    def connect(self, socket: Socket, arrival: Arrival, begin: Dialect) -> Connection:
        """Without credentials from the handshake, the client has to bring them soon."""
        connection = Connection(socket, self._connections, lambda connection: begin(self.parts, connection))
        self._connections.add(connection, arrival.address)
        if not connection.is_open:
            return connection
        if arrival.credentials is None:
            connection.require_credentials()
        else:
            connection.authenticate(arrival.credentials)
        return connection

    def require_room(self, arrival: Arrival) -> None:
        """For dialects that refuse by HTTP. Raises TooManyConnections or TierLimitExceeded."""
        if arrival.credentials is not None:
            self._connections.require_room(arrival.credentials.principal)

    def upgrade(self, socket: WebSocket, polling: PollingSocket, arrival: Arrival) -> Upgrade:
        """It counts as one more connection of its address until it has taken over."""
        return polling.add_upgrade(socket, self._connections, self._connections.seat(arrival.address))

    def _session_revoked(self, event: SessionRevoked, _envelope: Envelope) -> None:
        self._session_ended(event)

    def _session_ended(self, ended: SessionRevoked | EndedSession) -> None:
        self._revocations.add(ended.session_id, ended.revoked_at)
        self._connections.end_session(ended.user_id, ended.session_id)

    def _api_key_revoked(self, event: ApiKeyRevoked, _envelope: Envelope) -> None:
        """In identities made from a key, its id stands where a session's would."""
        self._revocations.add(event.key_id, event.revoked_at)
        self._connections.end_session(event.user_id, event.key_id)

    def _tenant_closed(self, event: TenantClosed, _envelope: Envelope) -> None:
        """Whatever let somebody in: sessions end by events of their own too, keys only by this."""
        self._connections.end_tenant(event.tenant_id)

    def _membership_changed(
        self, event: MembershipAdded | MembershipChanged | MembershipRemoved, _envelope: Envelope
    ) -> None:
        self._ask_anew(event.tenant_id, event.user_id)

    def _team_changed(self, event: TeamMemberAdded | TeamMemberUpdated | TeamMemberRemoved, envelope: Envelope) -> None:
        if envelope.tenantid is not None:
            self._ask_anew(envelope.tenantid, event.payload.user_id)

    def _person_changed(self, event: PersonAdded | PersonUpdated | PersonDeleted, envelope: Envelope) -> None:
        """At once: what is kept from somebody from here on must not reach them on the stream they heard until now."""
        if envelope.tenantid is None:
            return
        for user_id in event.relinked:
            self._access.forget(envelope.tenantid, user_id)
            for connection in self._connections.of_user(user_id):
                if connection.credentials and connection.credentials.principal.tenant_id == envelope.tenantid:
                    connection.session.audience_changed()

    def _chat_participants_changed(
        self, event: ChatParticipantsAdded | ChatParticipantsRemoved, envelope: Envelope
    ) -> None:
        if envelope.tenantid is not None:
            for user_id in event.payload.user_ids:
                self._ask_anew(envelope.tenantid, user_id)

    def _visibility_changed(self, event: ProjectUpdated | GiftListUpdated, envelope: Envelope) -> None:
        """Whoever saw it because the whole tenant did may see it no more."""
        if envelope.tenantid is not None and _WHO_SEES_IT.intersection(event.changed_fields):
            self._doubt_topics(envelope.tenantid, event.entity_id)

    def _project_deleted(self, event: ProjectDeleted, envelope: Envelope) -> None:
        """That it is gone is still told to those who saw it."""
        if envelope.tenantid is not None:
            asyncio.get_running_loop().call_soon(self._doubt_topics, envelope.tenantid, event.entity_id)

    def _doubt_topics(self, tenant_id: UUID, entity_id: UUID) -> None:
        """Of a project or list, and those of which only keepers know whether they belong to it.

        However many follow them: nobody hears any more at once, and then again who may.
        """

        def concerns(topic: Topic) -> bool:
            return topic.entity_id == entity_id or topic.has_audiences

        self._access.forget_topics(tenant_id, concerns)
        of_tenant = self._connections.of_tenant(tenant_id)
        self._doubt([one for one in of_tenant if one.session.rights_doubted(concerns)])

    def _ask_anew(self, tenant_id: UUID, user_id: UUID) -> None:
        """What they may see has changed."""
        self._access.forget(tenant_id, user_id)
        for connection in self._connections.of_user(user_id):
            if connection.credentials and connection.credentials.principal.tenant_id == tenant_id:
                connection.session.rights_changed()

    def _member_lost_rights(self, event: MembershipChanged | MembershipRemoved, _envelope: Envelope) -> None:
        """Their sessions end by events of their own; API keys do not, but what those are good for has changed."""
        self._connections.end_keys(event.tenant_id, event.user_id)

    def _heard_typing(self, typing: Typing) -> None:
        self._hub.typing(typing.tenant_id, typing.topic, typing.user_id)

    def _epoch_announced(self, log: LogEpoch) -> None:
        """After a restore, rights are what they were too, and no event says so."""
        if self._hub.epochs.announced(log.service, log.epoch):
            self._access.forget_all()

    def _bus_changed(self, is_back: bool) -> None:
        self._reliability_changed(is_healthy=is_back and not self._silence.is_silent)

    def _silence_changed(self, is_silent: bool) -> None:
        if self._watch.is_back.is_set():
            self._reliability_changed(is_healthy=not is_silent)

    def _reliability_changed(self, *, is_healthy: bool) -> None:
        """Events, revocations and changes of rights may have been missed until now."""
        for connection in self._connections:
            if connection.credentials is not None:
                connection.session.say("healthy" if is_healthy else "degraded")
        if is_healthy:
            self._hub.suspect_all()
            self._catch_up.begin()
            self._access.forget_all()
            self._doubt(self._connections)

    def _doubt(self, connections: Iterable[Connection]) -> None:
        """Their rights are checked again, at a pace that keepers can answer."""
        self._doubted.update(dict.fromkeys(connections))
        self._has_doubts.set()

    async def _check_doubted(self) -> None:
        """Works until it is cancelled."""
        while True:
            await self._has_doubts.wait()
            for connection in list(islice(self._doubted, CHECKED_AT_ONCE)):
                del self._doubted[connection]
                connection.session.rights_changed()
            if not self._doubted:
                self._has_doubts.clear()
            await asyncio.sleep(CHECK_PAUSE_SECONDS)

    async def _prune_access(self) -> None:
        self._access.prune()

    async def _prune_revocations(self) -> None:
        self._revocations.prune()
