"""What auth-service holds about people, and what becomes of it; a deleted tenant is erased in this order."""

from shared.personal_data import (
    MESSAGING,
    Fate,
    Person,
    Rows,
    Table,
    jobs_about,
    rows_of_age,
    rows_of_nobody,
    rows_of_tenant,
    rows_with,
)

_OF_ACCOUNT = rows_of_nobody("of an account, not of a tenant")
_SECRET = "what lets somebody in is shown to nobody"  # noqa: S105 - a reason

TABLES = (
    jobs_about(
        Person(
            ("payload", "unique_key"),
            "to whom mail goes, sealed, and as a digest with a key; who wants a new password, as an address in clear",
            erased=Fate.DELETED,
        ),
        note=(
            "Until it is done: mail for three hours at most, a request for a password for half an hour, the erasure of "
            "a tenant for an hour or as long as it takes; 30 days when it was set aside."
        ),
        not_exported=_SECRET,
    ),
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
            Person(
                ("email", "email_identity", "first_name", "last_name", "accepted_by"),
                "who was invited",
                erased=Fate.DELETED,
            ),
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
        "former_memberships",
        "who has left a tenant",
        rows_of_tenant("former_memberships"),
        (Person(("user_id",), "who has left", erased=Fate.DELETED),),
        "So that what they left there is erased with their account.",
        ("former_memberships",),
    ),
    Table(
        "audit_logs",
        "who did what, for the owners of the tenant",
        Rows("kept until their months end, 400 days: who deletes a tenant does not delete what was done in it"),
        (
            Person(
                ("ip", "user_agent", "request_body", "personal", "aggregate"),
                "who did it, from where, with what; sealed for each person",
                erased=Fate.CLEARED,
            ),
            Person(("user_id", "session_id", "api_key_id"), "who did it"),
        ),
        "The tenant's record of what was done to it. Personal fields go with their keys, a deleted tenant's too.",
        not_exported="it is the tenant's, and shown to its owners",
    ),
    Table("audit_months", "the partitions of the audit log", rows_of_nobody("of no tenant"), impersonal=("name",)),
    Table("audit_chains", "the ends of the audit log's chains", Rows("kept: a number and a hash, of nobody")),
    Table("audit_checkpoints", "where chains begin", Rows("kept: a number and a hash, of nobody")),
    Table(
        "audit_keys",
        "what opens the personal fields of one person's records",
        Rows("deleted with the tenant"),
        (Person(("person_id", "sealed_key"), "whose records it opens", erased=Fate.DELETED),),
        not_exported="a key tells nothing",
    ),
    Table(
        "audit_erasures",
        "ids of who was erased from the audit log",
        Rows("kept until no record of theirs is left, 431 days"),
        (Person(("subject_id",), "who was erased"),),
        not_exported="it is made when there is nobody left to export for",
    ),
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
