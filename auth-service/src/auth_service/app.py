"""The composition root of auth-service: its parts, and how they hang together."""

from datetime import timedelta

from auth_service.accounts import routes as accounts
from auth_service.accounts.password_rules import PasswordRules
from auth_service.accounts.passwords import Passwords
from auth_service.accounts.service import Profiles
from auth_service.gateway_door import GatewayDoor
from auth_service.registration import routes as registration
from auth_service.registration.service import Registrar
from auth_service.sealing import Seal
from auth_service.sessions import routes as sessions
from auth_service.sessions.opening import SessionOpener
from auth_service.sessions.refresh_tokens import RefreshTokens
from auth_service.sessions.service import Revocations, Sessions, SignIn
from auth_service.sessions.tokens import TokenMint
from auth_service.settings import AuthSettings
from auth_service.signing_keys import routes as signing_keys
from auth_service.signing_keys.service import KeyRing
from auth_service.tenants.topics import can_follow
from shared.clock import Clock, SystemClock
from shared.db.databases import Database
from shared.events.questions import EndedSessions, SigningKeys
from shared.http.app import App, new_app
from shared.http.background import setup_messaging
from shared.http.defaults import setup_defaults
from shared.messaging.bus import Bus
from shared.messaging.event_log import EventLog
from shared.messaging.requests import Responder
from shared.messaging.topic_keeper import TopicKeeper

SERVICE = "auth"
MAX_BODY_BYTES = 64 * 1024  # the largest body is a profile with 16 KiB of preferences
ROUTES = (registration.routes, sessions.routes, accounts.routes, signing_keys.routes)


def create_app(settings: AuthSettings, *, database: Database, bus: Bus, clock: Clock | None = None) -> App:
    clock = clock or SystemClock()
    app = new_app(SERVICE, max_body_bytes=MAX_BODY_BYTES)
    keys = KeyRing(database, Seal(settings.key_encryption_secret, "signing keys"), clock)
    passwords = Passwords()
    revocations = Revocations(database, clock, timedelta(seconds=settings.access_token_ttl))
    setup_defaults(
        app,
        service=SERVICE,
        settings=settings,
        routes=ROUTES,
        parts=(*_parts(settings, database, keys, passwords, clock), revocations),
        database=database,
        bus=bus,
        clock=clock,
    )
    responder = _responder(database, bus, keys, revocations)
    setup_messaging(app, service=SERVICE, database=database, bus=bus, responder=responder)
    _setup_lifecycle(app, keys, passwords)
    return app


def _parts(
    settings: AuthSettings, database: Database, keys: KeyRing, passwords: Passwords, clock: Clock
) -> tuple[object, ...]:
    access_life = timedelta(seconds=settings.access_token_ttl)
    session_life = timedelta(seconds=settings.refresh_token_ttl)
    mint = TokenMint(keys, clock, access_life)
    refresh_tokens = RefreshTokens(settings.key_encryption_secret)
    opener = SessionOpener(refresh_tokens, clock, session_life)
    return (
        Registrar(database, passwords, PasswordRules.load(), opener, mint, clock, settings.registration_mode),
        SignIn(database, passwords, opener, mint, clock),
        Sessions(database, refresh_tokens, mint, clock, session_life),
        Profiles(database, clock),
        GatewayDoor(settings.internal_secret, clock),
        keys,
    )


def _responder(database: Database, bus: Bus, keys: KeyRing, revocations: Revocations) -> Responder:
    responder = Responder(bus, SERVICE)
    responder.on(SigningKeys, keys.answer)
    responder.on(EndedSessions, revocations.answer)
    TopicKeeper(database, EventLog(database), can_follow).answer(responder)
    return responder


def _setup_lifecycle(app: App, keys: KeyRing, passwords: Passwords) -> None:
    @app.before_server_start
    async def open_keys(_app: App) -> None:
        await keys.open()

    @app.after_server_stop
    async def close_passwords(_app: App) -> None:
        passwords.close()
