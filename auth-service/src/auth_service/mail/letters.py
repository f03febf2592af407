"""What we write to people. A letter is plain sentences and at most one link; how it looks is decided in `rendering`.

A subject is a fixed text of its kind: nobody writes to strangers by naming a person or a tenant. Words of users stand
in sentences only, through `user_text`.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from auth_service.mail.user_text import quoted, shown
from shared.events.notifications import NotificationKind

INVITATION = "invitation"
_NOT_YOU = "If it was not you, choose a new password at once: it signs you out everywhere."


class Action(msgspec.Struct, frozen=True):
    label: str
    link: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """`template` names the kind of letter for those who may not read it."""

    template: str
    subject: str
    greeting: str
    paragraphs: tuple[str, ...]
    action: Action | None = None
    closing: str


def verification(first_name: str, link: str) -> Letter:
    return Letter(
        template="verify_email",
        subject="Confirm your e-mail address",
        greeting=_hello(first_name),
        paragraphs=("Please confirm that this is your e-mail address. The link works once, within three days.",),
        action=Action("Confirm e-mail address", link),
        closing=(
            "If you did not make this account, do not confirm: somebody else knows its password and could go on using "
            "it. Leave this message alone, or make the account yours: choose a new password by way of Forgot password "
            "at sign-in, which signs everybody else out."
        ),
    )


def password_reset(first_name: str, link: str) -> Letter:
    return Letter(
        template="reset_password",
        subject="Choose a new password",
        greeting=_hello(first_name),
        paragraphs=(
            "Somebody asked for a new password for your account. The link works once, within one hour.",
            "A new password signs you out everywhere.",
        ),
        action=Action("Choose a new password", link),
        closing="If it was not you, ignore this message: your password stays as it is.",
    )


def welcome(first_name: str, tenant_name: str, link: str) -> Letter:
    return Letter(
        template="welcome",
        subject="Your account at Tessera",
        greeting=_hello(first_name),
        paragraphs=(
            f"An account for you was made at {quoted(tenant_name)}. Choose a password within seven days to use it.",
        ),
        action=Action("Choose a password", link),
        closing="If you did not expect this, ignore this message.",
    )


def invitation(inviter_name: str, tenant_name: str, link: str) -> Letter:
    inviter, tenant = quoted(inviter_name), quoted(tenant_name)
    return Letter(
        template=INVITATION,
        subject="Somebody invites you to work together at Tessera",
        greeting="Hello,",
        paragraphs=(
            f"Somebody who calls themselves {inviter} invites you to work together at {tenant}. "
            "The link works once, within seven days.",
        ),
        action=Action("Accept the invitation", link),
        closing="If you do not know them, ignore this message.",
    )


def refresh_reused(first_name: str, link: str) -> Letter:
    return Letter(
        template="refresh_reused",
        subject="We ended a session of yours",
        greeting=_hello(first_name),
        paragraphs=(
            "An old key of one of your signed-in devices was used again. That happens when a key has been copied, "
            "so we have ended this session: sign in again on that device.",
            "If you do not know why this happened, choose a new password. It signs you out everywhere.",
        ),
        action=Action("Choose a new password", link),
        closing="You get this message because it concerns the safety of your account.",
    )


_NEWS: Mapping[NotificationKind, str] = MappingProxyType(
    {
        NotificationKind.MENTION: "You were mentioned",
        NotificationKind.ASSIGNMENT: "Something was assigned to you",
        NotificationKind.INVITATION: "You were added to something",
        NotificationKind.COMMENT_REPLY: "Your comment was answered",
        NotificationKind.WEBHOOK_DISABLED: "A webhook was disabled",
        NotificationKind.GENERATION_FINISHED: "A generation has finished",
        NotificationKind.PREVIEW_FINISHED: "A preview has finished",
        NotificationKind.BILLING: "News about your subscription",
        NotificationKind.SECURITY: "News about the safety of your account",
    }
)


def notification(first_name: str, kind: NotificationKind, title: str, link: str) -> Letter:
    return Letter(
        template="notification",
        subject=_NEWS[kind],
        greeting=_hello(first_name),
        paragraphs=(f"There is news for you: {quoted(title)}.",),
        action=Action("Open Tessera", link),
        closing="You can choose in your notification settings what we write to you about.",
    )


def mfa_enabled(first_name: str, link: str) -> Letter:
    return Letter(
        template="mfa_enabled",
        subject="Two-factor sign-in is on",
        greeting=_hello(first_name),
        paragraphs=(
            "Signing in to your account now takes a code of your authenticator app besides the password. "
            "Keep your recovery codes in a safe place: each lets you in once without the app.",
        ),
        action=Action("Choose a new password", link),
        closing=_NOT_YOU,
    )


def mfa_disabled(first_name: str, link: str) -> Letter:
    return Letter(
        template="mfa_disabled",
        subject="Two-factor sign-in is off",
        greeting=_hello(first_name),
        paragraphs=("Signing in to your account takes nothing but the password now. The recovery codes are void.",),
        action=Action("Choose a new password", link),
        closing=_NOT_YOU,
    )


def recovery_code_used(first_name: str, left: int, link: str) -> Letter:
    return Letter(
        template="recovery_code_used",
        subject="A recovery code of yours was used",
        greeting=_hello(first_name),
        paragraphs=(
            "Somebody who knows your password signed in to your account with one of your recovery codes.",
            f"Recovery codes left: {left}."
            if left
            else "That was the last one. Set up your authenticator app anew to get new codes.",
        ),
        action=Action("Choose a new password", link),
        closing=_NOT_YOU,
    )


def _hello(first_name: str) -> str:
    return f"Hello {shown(first_name)},"
