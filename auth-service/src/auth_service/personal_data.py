"""What auth-service holds about people, and what becomes of it; a deleted tenant is erased in this order."""

from shared.personal_data import MESSAGING, Fate, Person, Table, rows_of_age, rows_of_nobody, rows_of_tenant, rows_with

_OF_ACCOUNT = rows_of_nobody("of an account, not of a tenant")
_SECRET = "what lets somebody in is shown to nobody"  # noqa: S105 - a reason

TABLES = (
    Table(
        "live_tickets",
        "tickets for one live connection",
        rows_of_age("30 seconds"),
        (Person(("user_id",), "who asked for it", Fate.DELETED, Fate.DELETED),),
        not_exported=_SECRET,
    ),
    Table(
        "session_tokens",
        "links that carry a session over to a browser",
        rows_with("sessions"),
        (Person(("user_id", "session_id"), "whose session it is", Fate.DELETED, Fate.DELETED),),
        "Good for 90 seconds.",
        not_exported=_SECRET,
    ),
    Table(
        "sessions",
        "where somebody is signed in",
        rows_of_tenant("sessions"),
        (
            Person(
                ("user_id", "user_agent", "address"), "who has signed in, with what, from where", erased=Fate.DELETED
            ),
        ),
        "Ended when a member leaves; of ended ones the last 100 and those of the last day are kept.",
        ("sessions",),
    ),
    Table(
        "api_keys",
        "keys of programs",
        rows_of_tenant("api_keys"),
        (Person(("user_id", "name"), "their owner", Fate.DELETED, Fate.DELETED),),
        "",
        ("api_keys",),
    ),
    Table(
        "user_settings",
        "settings of a member",
        rows_of_tenant("user_settings"),
        (Person(("user_id", "value"), "the member", Fate.DELETED, Fate.DELETED),),
        "",
        ("settings",),
    ),
    Table(
        "invitations",
        "who was invited, and accepted",
        rows_of_tenant("invitations"),
        (
            Person(("email", "email_identity", "accepted_by"), "who was invited", erased=Fate.DELETED),
            Person(("invited_by",), "who invited them"),
        ),
        "Open ones go 30 days after they expired and when the tenant is closed; of accepted ones 10,000 are kept.",
        ("invitations",),
    ),
    Table(
        "memberships",
        "who belongs to a tenant, as what",
        rows_of_tenant("memberships"),
        (Person(("user_id",), "the member", Fate.DELETED, Fate.DELETED),),
        "Of a closed account not active for 30 days.",
        ("memberships",),
    ),
    Table(
        "audit_logs",
        "who did what, for the owners of the tenant",
        rows_of_tenant("audit_logs", key="seq"),
        (
            Person(
                ("user_id", "session_id", "api_key_id", "ip", "user_agent", "request_body"),
                "who did it, from where, with what",
            ),
        ),
        "The tenant's record of what was done to it.",
        not_exported="it is the tenant's, and shown to its owners",
    ),
    Table("audit_chains", "the ends of the audit log's chains", rows_of_tenant("audit_chains")),
    *MESSAGING,
    Table(
        "tenants",
        "names of tenants, often of their owner",
        rows_of_tenant("tenants", column="id"),
        (Person(("name", "slug"), "who made it"),),
        "Closed ones for 30 days.",
        ("memberships",),
    ),
    Table(
        "users",
        "accounts",
        _OF_ACCOUNT,
        (
            Person(
                ("email", "email_identity", "first_name", "last_name", "display_name", "avatar_url", "preferences"),
                "the account's owner",
                erased=Fate.ANONYMISED,
            ),
        ),
        "Closed ones for 30 days. The row stays, so that its id is nobody else's.",
        ("account",),
    ),
    Table(
        "mail_tokens",
        "what is mailed to prove an address",
        _OF_ACCOUNT,
        (Person(("user_id",), "whose address it is", erased=Fate.DELETED),),
        "Good for a week at most.",
        not_exported=_SECRET,
    ),
    Table(
        "reset_requests",
        "addresses for which a forgotten password was reported",
        _OF_ACCOUNT,
        (Person(("email_identity",), "whose address it is", erased=Fate.DELETED),),
        "Until they are answered, within seconds.",
        not_exported="nothing but the address",
    ),
    Table(
        "mails",
        "mail that waits to be sent, sealed",
        rows_of_nobody("sent or given up within three hours"),
        (Person(("sealed",), "its recipient"),),
        "Sent or given up within three hours, and then deleted.",
        not_exported="it is with its recipient",
    ),
    Table(
        "mfa_enrolments",
        "second factors",
        _OF_ACCOUNT,
        (Person(("user_id", "sealed_secret"), "the account's owner", erased=Fate.DELETED),),
        "",
        ("second_factor",),
    ),
    Table(
        "mfa_recovery_codes",
        "recovery codes, as digests",
        _OF_ACCOUNT,
        (Person(("user_id",), "the account's owner", erased=Fate.DELETED),),
        "",
        ("second_factor",),
    ),
    Table(
        "mfa_challenges",
        "sign-ins that wait for a code",
        rows_of_nobody("of an account; over within minutes"),
        (Person(("user_id",), "who signs in", erased=Fate.DELETED),),
        "Five minutes.",
        not_exported=_SECRET,
    ),
    Table(
        "data_exports",
        "exports of somebody's data, sealed",
        _OF_ACCOUNT,
        (Person(("user_id", "sealed_document"), "whose data they are", erased=Fate.DELETED),),
        "A day.",
        not_exported="an export is no part of itself",
    ),
    Table("attempt_windows", "how often something was tried, by digests", rows_of_nobody("of no tenant")),
    Table(
        "signing_keys",
        "keys that sign access tokens",
        rows_of_nobody("of no tenant"),
        impersonal=("sealed_private_key",),
    ),
)
