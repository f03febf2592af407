"""The composition root of auth-service: its parts, and how they hang together."""

from datetime import timedelta

from auth_service import events_in
from auth_service.account_closing import routes as account_closing
from auth_service.account_closing.service import AccountClosing
from auth_service.accounts import routes as accounts
from auth_service.accounts.password_rules import PasswordRules
from auth_service.accounts.passwords import Passwords
from auth_service.accounts.service import Profiles
from auth_service.address_proof.credential import AccompanyingSession
from auth_service.api_keys import routes as api_keys
from auth_service.api_keys.domain import key_tokens
from auth_service.api_keys.service import ApiKeys
from auth_service.audit import routes as audit
from auth_service.audit.keeping import AuditKeeping
from auth_service.audit.service import AuditKeeper, AuditLogs
from auth_service.audit.signing import AuditSigner
from auth_service.audit.subjects import setup_subjects
from auth_service.data_export import routes as data_export
from auth_service.data_export.elsewhere import Elsewhere
from auth_service.data_export.service import DataExports
from auth_service.device_sessions import routes as device_sessions
from auth_service.device_sessions.service import DeviceSessions
from auth_service.forwarding.service import Forwarding
from auth_service.gateway_door import GatewayDoor
from auth_service.handovers import routes as handovers
from auth_service.handovers.service import Handovers, session_tokens
from auth_service.heartbeat import BEAT_SECONDS, Heart
from auth_service.introspection import routes as introspection
from auth_service.introspection.service import Introspection
from auth_service.invitations import routes as invitation_routes
from auth_service.invitations.acceptance import tenant_joined
from auth_service.invitations.new_members import NewMembers
from auth_service.invitations.service import Invitations
from auth_service.live_tickets import routes as live_tickets
from auth_service.live_tickets.service import LiveTickets, ticket_tokens
from auth_service.mail.links import WebLinks
from auth_service.mail.mail_queue import MailQueue
from auth_service.mail.old_files import OldMailFiles
from auth_service.mail.recipient_keys import RecipientKeys
from auth_service.mail.setup import mail_folder, mail_queue, send_mail
from auth_service.members import routes as member_routes
from auth_service.members.joining import tenant_founded
from auth_service.members.service import Members
from auth_service.mfa import routes as mfa
from auth_service.mfa.challenges import Challenges
from auth_service.mfa.codes import Codes
from auth_service.mfa.notices import FactorNotices
from auth_service.mfa.recovery_codes import RecoveryCodes
from auth_service.mfa.service import SecondFactors
from auth_service.personal_data import TABLES
from auth_service.recovery import routes as recovery
from auth_service.recovery.reset_requests import RESET_REQUEST
from auth_service.recovery.service import PasswordChange, PasswordRecovery
from auth_service.recovery.verification import EmailVerification
from auth_service.registration import routes as registration
from auth_service.registration.service import Registrar
from auth_service.retention import own_rows
from auth_service.sessions import routes as sessions
from auth_service.sessions.cookie_lines import CookieLines, SessionCookies
from auth_service.sessions.cookie_refresh import CookieRefresh
from auth_service.sessions.cookies import CookieTokens
from auth_service.sessions.device_cookies import DeviceCookies
from auth_service.sessions.opening import SessionOpener
from auth_service.sessions.refresh_tokens import RefreshTokens
from auth_service.sessions.reuse_warning import ReuseWarning
from auth_service.sessions.service import Revocations, Sessions
from auth_service.sessions.sign_in import SignIn
from auth_service.sessions.tokens import TokenMint
from auth_service.settings import AuthSettings
from auth_service.signing_keys import routes as signing_keys
from auth_service.signing_keys.service import REOPEN_SECONDS, KeyRing
from auth_service.step_up import routes as step_up
from auth_service.step_up.service import StepUp
from auth_service.tenancy import routes as tenancy
from auth_service.tenancy.service import Tenants, TenantSwitch
from auth_service.tenant_closing import routes as tenant_closing
from auth_service.tenant_closing.restore_tokens import RestoreTokens
from auth_service.tenant_closing.service import TenantClosing
from auth_service.tenants.topics import admitted_at, can_follow
from auth_service.throttling.known_devices import KnownDevices
from auth_service.throttling.logins import LoginGate
from auth_service.throttling.service import AttemptLimits
from auth_service.user_settings import routes as user_settings
from auth_service.user_settings.service import UserSettings
from shared.clock import Clock, SystemClock
from shared.db.databases import Database
from shared.events.questions import EndedSessions, InvitationRoom, MemberDirectory, SigningKeys
from shared.events.registry import default_registry
from shared.http.app import App, new_app
from shared.http.background import run_alongside, run_jobs, setup_messaging
from shared.http.defaults import setup_defaults
from shared.introspection import CredentialKind
from shared.jobs.metrics import JobMetrics
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.messaging.bus import Bus
from shared.messaging.consumer import Consumers
from shared.messaging.event_log import EventLog
from shared.messaging.inbox import Inbox
from shared.messaging.requests import Requests, Responder
from shared.messaging.topic_keeper import TopicKeeper
from shared.personal_data import erasure_steps
from shared.retention import pruning_tasks, retention_tasks
from shared.sealing import Seal
from shared.supervision import PeriodicTask
from shared.tenant_closures.erasure import ERASURE, TenantErasure

SERVICE = "auth"
SECOND_FACTORS = "second factors"
MAX_BODY_BYTES = 64 * 1024  # the largest body is a profile with 16 KiB of preferences
ROUTES = (
    registration.routes,
    sessions.routes,
    step_up.routes,
    accounts.routes,
    signing_keys.routes,
    handovers.routes,
    api_keys.routes,
    introspection.routes,
    mfa.routes,
    device_sessions.routes,
    user_settings.routes,
    account_closing.routes,
    data_export.routes,
    recovery.routes,
    member_routes.routes,
    tenancy.routes,
    tenant_closing.routes,
    invitation_routes.routes,
    invitation_routes.new_member_routes,
    audit.routes,
    live_tickets.routes,
)


def create_app(settings: AuthSettings, *, database: Database, bus: Bus, clock: Clock | None = None) -> App:
    clock = clock or SystemClock()
    app = new_app(SERVICE, max_body_bytes=MAX_BODY_BYTES)
    keys = KeyRing(database, Seal(settings.key_encryption_secret, "signing keys"), clock)
    passwords = Passwords()
    limits = AttemptLimits(database, settings.key_encryption_secret, clock, settings.rate_limit_scale)
    jobs = JobQueue(clock)
    mail = mail_queue(settings, database, jobs, clock)
    links = WebLinks(settings.public_web_url)
    members = Members(database, clock)
    requests = Requests(bus)
    invitations = Invitations(database, requests, mail, links, clock)
    resets = PasswordRecovery(database, passwords, PasswordRules.load(), limits, mail, jobs, links, clock)
    revocations = Revocations(database, clock, timedelta(seconds=settings.access_token_ttl))
    setup_defaults(
        app,
        service=SERVICE,
        settings=settings,
        routes=ROUTES,
        parts=(
            *_parts(settings, database, keys, passwords, limits, mail, clock),
            members,
            invitations,
            NewMembers(database, limits, mail, links, clock),
            AccompanyingSession(settings.internal_secret, clock),
            Tenants(database, clock),
            resets,
            revocations,
            AuditLogs(database, requests, settings.key_encryption_secret),
            *_own_account_parts(
                settings.key_encryption_secret,
                database,
                passwords,
                limits,
                FactorNotices(mail, links),
                requests,
                clock,
            ),
        ),
        database=database,
        bus=bus,
        clock=clock,
    )
    responder = _responder(database, bus, keys, revocations)
    responder.on(MemberDirectory, members.directory)
    responder.on(InvitationRoom, invitations.room)
    consumers = Consumers(database, Inbox(), default_registry(), SERVICE, app.ctx.metrics)
    events_in.register(consumers, invitations, Forwarding(mail, links))
    relay = setup_messaging(app, service=SERVICE, database=database, bus=bus, consumers=consumers, responder=responder)
    setup_subjects(app)
    _setup_audit(app, database, bus, AuditKeeper(settings.key_encryption_secret))
    _setup_lifecycle(app, keys, passwords)
    own = own_rows(jobs, RecipientKeys(settings.key_encryption_secret))
    keeping = AuditKeeping(AuditSigner(settings.key_encryption_secret))
    worker = JobWorker(database, jobs, bus, clock, JobMetrics(app.ctx.metrics), SERVICE)
    send_mail(worker, settings)
    worker.on(RESET_REQUEST, resets.answer, resets.given_up)
    worker.on(ERASURE, TenantErasure(database, erasure_steps(TABLES), clock).run)
    heart = Heart(SERVICE, bus, relay.age_seconds, clock)
    run_jobs(app, worker)
    run_alongside(
        app,
        OldMailFiles(mail_folder(settings), clock).task(),
        PeriodicTask("reopen the signing keys", REOPEN_SECONDS, keys.open, jitter=0.0),
        PeriodicTask("send the heartbeat", BEAT_SECONDS, heart.beat_if_possible, jitter=0.0, begins_at_once=True),
        *retention_tasks(database, own, clock, app.ctx.metrics),
        *pruning_tasks(database, keeping.prunings(), clock, app.ctx.metrics, of="audit records"),
    )
    return app


def _parts(
    settings: AuthSettings,
    database: Database,
    keys: KeyRing,
    passwords: Passwords,
    limits: AttemptLimits,
    mail: MailQueue,
    clock: Clock,
) -> tuple[object, ...]:
    access_life = timedelta(seconds=settings.access_token_ttl)
    session_life = timedelta(seconds=settings.refresh_token_ttl)
    mint = TokenMint(keys, clock, access_life)
    refresh_tokens = RefreshTokens(settings.key_encryption_secret)
    lines = CookieLines(settings.public_web_url)
    cookies = CookieTokens(settings.key_encryption_secret, is_protected=lines.is_protected)
    opener = SessionOpener(refresh_tokens, cookies, clock, session_life)
    live = ticket_tokens(settings.key_encryption_secret)
    links, rules = WebLinks(settings.public_web_url), PasswordRules.load()
    warning = ReuseWarning(mail, links)
    verification = EmailVerification(database, mail, links, clock)
    return (
        Registrar(database, passwords, rules, opener, mint, clock, settings.registration_mode, limits, verification),
        _sign_in(
            settings.key_encryption_secret, database, passwords, limits, FactorNotices(mail, links), opener, mint, clock
        ),
        DeviceCookies(lines),
        Sessions(database, refresh_tokens, mint, warning, clock, session_life),
        CookieRefresh(database, cookies, refresh_tokens, mint, warning, clock, session_life),
        SessionCookies(lines, clock),
        Handovers(database, session_tokens(settings.key_encryption_secret), opener, settings.public_web_url, clock),
        LiveTickets(database, live, clock),
        Introspection(
            database,
            {
                CredentialKind.API_KEY: key_tokens(),
                CredentialKind.SESSION_COOKIE: cookies,
                CredentialKind.LIVE_TICKET: live,
            },
            session_life,
            clock,
        ),
        Profiles(database, clock),
        verification,
        PasswordChange(database, passwords, rules, limits, clock),
        TenantSwitch(database, opener, mint),
        GatewayDoor(settings.internal_secret, clock),
        keys,
    )


def _sign_in(
    secret: str,
    database: Database,
    passwords: Passwords,
    limits: AttemptLimits,
    notices: FactorNotices,
    opener: SessionOpener,
    mint: TokenMint,
    clock: Clock,
) -> SignIn:
    gate = LoginGate(database, limits, KnownDevices(secret))
    codes = Codes(Seal(secret, SECOND_FACTORS), RecoveryCodes(secret))
    return SignIn(
        database,
        passwords,
        gate,
        limits,
        Challenges(secret),
        codes,
        notices,
        tenant_joined,
        tenant_founded,
        opener,
        mint,
        RestoreTokens(secret, clock),
        clock,
    )


def _own_account_parts(
    secret: str,
    database: Database,
    passwords: Passwords,
    limits: AttemptLimits,
    notices: FactorNotices,
    requests: Requests,
    clock: Clock,
) -> tuple[object, ...]:
    """What people do with their own account."""
    seal, recovery_codes = Seal(secret, SECOND_FACTORS), RecoveryCodes(secret)
    codes = Codes(seal, recovery_codes)
    step_up = StepUp(database, passwords, codes, notices, limits, clock)
    return (
        step_up,
        SecondFactors(database, seal, codes, recovery_codes, step_up, notices, limits, clock),
        ApiKeys(database, step_up, key_tokens(), clock),
        DeviceSessions(database, clock),
        UserSettings(database, clock),
        AccountClosing(database, step_up, clock),
        TenantClosing(database, step_up, RestoreTokens(secret, clock), clock),
        DataExports(database, Seal(secret, "data exports"), limits, Elsewhere(requests), clock),
    )


def _responder(database: Database, bus: Bus, keys: KeyRing, revocations: Revocations) -> Responder:
    responder = Responder(bus, SERVICE)
    responder.on(SigningKeys, keys.answer)
    responder.on(EndedSessions, revocations.answer)
    TopicKeeper(database, EventLog(database), can_follow, admitted_at=admitted_at).answer(responder)
    return responder


def _setup_audit(app: App, database: Database, bus: Bus, keeper: AuditKeeper) -> None:
    consumers = Consumers(database, Inbox(), default_registry(), events_in.AUDIT_QUEUE, app.ctx.metrics)
    events_in.register_audit(consumers, keeper)

    @app.before_server_start
    async def listen(_app: App) -> None:
        await consumers.start(bus)


def _setup_lifecycle(app: App, keys: KeyRing, passwords: Passwords) -> None:
    @app.before_server_start
    async def open_keys(_app: App) -> None:
        await keys.open()

    @app.after_server_stop
    async def close_passwords(_app: App) -> None:
        passwords.close()
