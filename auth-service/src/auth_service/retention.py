"""How long auth-service keeps the rows of each table, and what ends them."""

from datetime import timedelta
from functools import partial

from auth_service import limits
from auth_service.account_closing.domain import KEPT_FOR as CLOSED_KEPT_FOR
from auth_service.account_closing.service import anonymise_due, tell_former_tenants
from auth_service.api_keys.repository import REMEMBERED_FOR as REVOKED_KEPT_FOR
from auth_service.audit.keeping import END_MONTHS, FORGET_STRANGERS, KEPT_FOR as AUDIT_KEPT_FOR, STRANGERS_KEPT_FOR
from auth_service.data_export.service import KEPT_FOR as EXPORT_KEPT_FOR
from auth_service.invitations import repository as invitations
from auth_service.mail.recipient_keys import RecipientKeys
from auth_service.signing_keys.repository import retire_replaced
from auth_service.tenant_closing.domain import RESTORABLE_FOR
from auth_service.tenant_closing.ending import delete_due
from shared.db.due_rows import DueRows
from shared.db.walked_rows import WalkedRows
from shared.jobs.queue import JobQueue
from shared.retention import AS_WRITTEN, BY_ITS_USER, FOR_EVER, Kept, Pruning, days, end_of, task

ENDED_KEPT_FOR = timedelta(days=30)
"""Of sessions and API keys that are over: long enough to see what an account was used from."""

RETIRED_KEPT_FOR = timedelta(days=30)  # a token that a key has signed lives for minutes

WINDOWS = Pruning.of_rows("forget ended attempt windows", DueRows("attempt_windows", "ends_at"))
CHALLENGES = Pruning.of_rows("forget sign-ins that waited too long for a code", DueRows("mfa_challenges", "expires_at"))
TICKETS = Pruning.of_rows("forget tickets that nobody used", DueRows("live_tickets", "expires_at"))
SIGN_IN_LINKS = Pruning.of_rows("forget links that nobody opened", DueRows("session_tokens", "expires_at"))
MAILED_TOKENS = Pruning.of_rows("forget expired mailed tokens", DueRows("mail_tokens", "expires_at"))
EXPORTS = Pruning.of_rows("forget old data exports", DueRows("data_exports", "expires_at"), at_once=100)
REVOKED_KEYS = Pruning.of_rows("forget revoked API keys", DueRows("api_keys", "revoked_at", REVOKED_KEPT_FOR))
EXPIRED_KEYS = Pruning.of_rows("delete expired API keys", DueRows("api_keys", "expires_at", ENDED_KEPT_FOR))
INVITATIONS = Pruning.of_rows(
    "delete expired invitations",
    DueRows("invitations", "expires_at", invitations.EXPIRED_KEPT_FOR, "accepted_at is null"),
)
FORMER_MEMBERSHIPS = Pruning.by_step("tell former tenants of erased accounts", tell_former_tenants)
REPLACED_SIGNING_KEYS = Pruning.by_step("retire replaced signing keys", retire_replaced)
RETIRED_SIGNING_KEYS = Pruning.of_rows(
    "delete retired signing keys", DueRows("signing_keys", "retired_at", RETIRED_KEPT_FOR)
)
SESSIONS = Pruning.by_walk(
    "delete ended sessions", WalkedRows("sessions", "least(revoked_at, expires_at) < $1", ENDED_KEPT_FOR)
)

_OTHERS: tuple[Kept, ...] = (
    Kept("memberships", "who belongs to which tenant", "it is the right to sign in to it", "", BY_ITS_USER),
    Kept(
        "former_memberships",
        "those of accounts that were erased before version 0.2",
        "their former tenants are told of it once",
        "at once",
        FORMER_MEMBERSHIPS,
    ),
    Kept(
        "sessions",
        "signed-in devices, with address and program",
        "a user sees where the account was used; a token that comes back after its end is noticed",
        f"{days(ENDED_KEPT_FOR)} after the end; beyond {limits.ENDED_SESSIONS_KEPT} of a user 1 day",
        SESSIONS,
    ),
    Kept("session_tokens", "links that carry a session over", "used within seconds", "expired", SIGN_IN_LINKS),
    Kept("mail_tokens", "digests of mailed tokens", "they prove an address", "used or expired", MAILED_TOKENS),
    Kept("mfa_challenges", "sign-ins that wait for a code", "the code comes after the password", "expired", CHALLENGES),
    Kept("mfa_enrolments", "sealed secrets of second factors", "codes are checked against them", "", BY_ITS_USER),
    Kept("mfa_recovery_codes", "digests of recovery codes", "each is good once", "", end_of("second factor")),
    Kept("live_tickets", "tickets for one live handshake", "used within seconds", "expired", TICKETS),
    Kept(
        "api_keys",
        "digests of API keys",
        "gateways are told of revoked ones",
        f"{days(REVOKED_KEPT_FOR)} after it was revoked",
        REVOKED_KEYS,
    ),
    Kept(
        "api_keys",
        "expired API keys",
        "their owner sees why a program stopped working",
        f"{days(ENDED_KEPT_FOR)} after it expired",
        EXPIRED_KEYS,
    ),
    Kept(
        "invitations",
        "invitations that nobody has accepted",
        "they are listed as expired",
        f"{days(invitations.EXPIRED_KEPT_FOR)} after it expired",
        INVITATIONS,
    ),
    Kept(
        "invitations",
        "accepted invitations",
        "who invited whom",
        f"the newest {limits.ACCEPTED_KEPT:,} of a tenant",
        AS_WRITTEN,
    ),
    Kept("data_exports", "sealed data exports", "they are downloaded", f"{days(EXPORT_KEPT_FOR)} old", EXPORTS),
    Kept("user_settings", "settings of members", "they come back with the member", "", end_of("membership")),
    Kept("attempt_windows", "counted attempts", "guessing is limited", "the window has ended", WINDOWS),
    Kept(
        "signing_keys",
        "keys that sign tokens",
        "what they signed is checked until it expires; then the private part is erased",
        "replaced, and nothing it signed is valid",
        REPLACED_SIGNING_KEYS,
    ),
    Kept(
        "signing_keys",
        "public parts of retired keys",
        "an incident is told apart",
        f"{days(RETIRED_KEPT_FOR)} after it was retired",
        RETIRED_SIGNING_KEYS,
    ),
    Kept(
        "audit_logs",
        "what was done, by whom",
        "it is the record of the tenant",
        f"its month ended {days(AUDIT_KEPT_FOR)} ago: the partition goes as a whole",
        task(END_MONTHS),
    ),
    Kept("audit_months", "the partitions of the audit log", "records have somewhere to go", "", end_of("month")),
    Kept("audit_chains", "one row a tenant: where its chain ends", "the next record is linked to it", "", FOR_EVER),
    Kept("audit_checkpoints", "one row a tenant: where its chain begins", "it can be verified", "", FOR_EVER),
    Kept(
        "audit_keys",
        "keys of the personal fields of records, by person",
        "without its key nobody can read them",
        f"the person is erased; those of strangers {days(STRANGERS_KEPT_FOR)} after their month",
        task(FORGET_STRANGERS),
    ),
    Kept(
        "audit_erasures",
        "who was erased from the audit log",
        "records that arrive later are not given a new key",
        f"the last month with records of theirs is gone: {days(AUDIT_KEPT_FOR)} and a month",
        task(FORGET_STRANGERS),
    ),
)


def own_rows(jobs: JobQueue, keys: RecipientKeys) -> tuple[Kept, ...]:
    """`jobs` take the erasure of the tenants that are deleted; `keys` find the mail of erased accounts."""
    accounts = Pruning.by_step(
        "anonymise closed accounts",
        partial(anonymise_due, jobs, keys),
        DueRows("users", "closed_at", CLOSED_KEPT_FOR, "closed_at is not null and anonymised_at is null"),
    )
    closed_tenants = Pruning.by_step("delete closed tenants", partial(delete_due, jobs))
    return (
        Kept(
            "users",
            "accounts",
            "what others have keeps naming its author; without a name and an address once it is anonymised",
            f"anonymised {days(CLOSED_KEPT_FOR)} after it was closed; the row stays",
            accounts,
        ),
        Kept(
            "tenants",
            "tenants",
            "every row of the product belongs to one",
            f"deleted {days(RESTORABLE_FOR)} after it was closed, or with its last account; then it is erased"
            " everywhere",
            closed_tenants,
        ),
        Kept(
            "jobs",
            "mail and requests for a password, also those that were set aside",
            "they are sent, answered or retried",
            "the account of their address is erased",
            accounts,
        ),
        Kept(
            "former_memberships",
            "who has left which tenant",
            "what they left there is erased with their account",
            "the account is erased, or they come back",
            accounts,
        ),
        *_OTHERS,
    )
