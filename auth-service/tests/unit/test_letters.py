"""Letters: what names may not do to them, and the message they become."""

import re
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings, strategies as st

from auth_service.mail import letters
from auth_service.mail.letters import Letter, invitation, notification, verification, welcome
from auth_service.mail.limits import WARNING, budget_of, mailbox_of
from auth_service.mail.rendering import html_of, message, text_of
from auth_service.mail.user_text import MAX_CHARACTERS, quoted, shown
from shared.events.notifications import NotificationKind

LINK = "https://app.example.com/verify-email?token=abc&x=1"
LINK_LIKE = re.compile(r"[.\u2024\u3002\ufe52\uff0e\uff61]\S|[@\ufe6b\uff20]\S|[^\W\d][:\ufe55\uff1a]\S|//|\\\\")
"""What programs that show mail make links of: hosts, addresses, schemes, paths of networks."""
TEMPLATES = {"verification": "verify_email", "password_reset": "reset_password"}


def test_both_bodies_say_the_same_and_carry_the_link() -> None:
    letter = verification("Ada", LINK)

    text, page = text_of(letter), html_of(letter)

    assert LINK in text
    assert page.count('href="https://app.example.com/verify-email?token=abc&amp;x=1"') == 2
    assert all(paragraph in text and paragraph in page for paragraph in letter.paragraphs)


def test_whoever_made_no_account_is_not_led_to_confirm_it() -> None:
    letter = verification("Ada", LINK)

    assert "do not confirm" in letter.closing
    assert "Forgot password" in letter.closing
    assert "://" not in letter.closing


def test_names_are_text_in_html() -> None:
    page = html_of(invitation('<img src=x onerror="alert(1)">', "A & B $subject", LINK))

    assert "<img" not in page
    assert "A &amp; B $subject" in page


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Ada\r\nBcc: x", "Ada Bcc: x"),
        ("a\u202eb\u200bc", "a b c"),
        ("  Ada   L ", "Ada L"),
        ("x" * 200, "x" * 59 + "…"),
        ("Node.js team", "Node. js team"),
        ("visit https://evil.example/?a=b", "visit https: / /evil. example/?a=b"),
        ("www.evil", "www. evil"),
        ("evil。com", "evil。 com"),
        ("ada@example", "ada@ example"),
        ("call tel:+49123", "call tel: +49123"),
        ("\\\\host\\share", "\\ \\host\\share"),
        ("Standup 10:30, room 2", "Standup 10:30, room 2"),
        ("St. Mary & Co.", "St. Mary & Co."),
        ("“Acme” said", "'Acme' said"),
    ],
)
def test_words_of_users_are_one_short_visible_line_without_links(name: str, line: str) -> None:
    assert shown(name) == line


NASTY = st.text(st.sampled_from('ab.:/@\\。．：＠／wh \u202e\u200b\r\n”"<&é1'), max_size=80)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=100), NASTY))
def test_nothing_in_words_of_users_is_made_a_link(text: str) -> None:
    line = shown(text)

    assert not LINK_LIKE.search(line)
    assert len(line) <= MAX_CHARACTERS
    assert line.isprintable()
    assert line == line.strip()
    assert "”" not in line
    assert shown(line) == line


@settings(deadline=None)
@given(NASTY, NASTY)
def test_words_of_users_reach_no_subject_no_header_and_no_markup(one: str, two: str) -> None:
    made = [
        (invitation(one, two, LINK), invitation("Ada", "Engines", LINK)),
        (welcome(one, two, LINK), welcome("Ada", "Engines", LINK)),
        (news(one, two), news("Ada", "Land")),
        (verification(one, LINK), verification("Ada", LINK)),
    ]

    for letter, harmless in made:
        assert letter.subject == harmless.subject
        assert as_message(letter, "ada@example.com").keys() == as_message(harmless, "ada@example.com").keys()
        assert re.findall("<[^>]*>", html_of(letter)) == re.findall("<[^>]*>", html_of(harmless))


def test_what_a_user_says_is_told_from_what_we_say() -> None:
    assert quoted('Acme". Your account is locked') == "“Acme'. Your account is locked”"


def test_what_does_not_warn_an_owner_has_a_budget_apart_from_warnings() -> None:
    ours = {name for name, made in vars(letters).items() if getattr(made, "__module__", "") == letters.__name__}
    kinds = {name for name in ours if name.islower() and not name.startswith("_")}

    warnings = {name for name in kinds if budget_of(TEMPLATES.get(name, name)) is WARNING}

    assert {"invitation", "welcome", "notification", "verification", "password_reset"} <= kinds - warnings
    assert warnings == {"refresh_reused", "mfa_enabled", "mfa_disabled", "recovery_code_used"}


def test_addresses_of_one_mailbox_are_counted_as_one() -> None:
    assert mailbox_of("Ada+1@Example.com") == mailbox_of("ada+2@example.com") == mailbox_of("ada@example.com")
    assert mailbox_of("+x@example.com") == "+x@example.com"


def test_a_header_with_a_line_break_is_refused() -> None:
    letter = Letter(template="x", subject="a\nBcc: b@example.com", greeting="", paragraphs=(), closing="")

    with pytest.raises(ValueError, match="linefeed"):
        as_message(letter, "ada@example.com")


def test_an_address_beyond_ascii_needs_an_international_message() -> None:
    made = as_message(verification("Ada", LINK), "jürgen@example.com")

    assert made.policy.utf8
    assert "jürgen@example.com".encode() in made.as_bytes()
    assert as_message(verification("Ada", LINK), "ada@example.com").policy is SMTP


def news(first_name: str, title: str) -> Letter:
    return notification(first_name, NotificationKind.ASSIGNMENT, title, LINK)


def as_message(letter: Letter, recipient: str) -> EmailMessage:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    return message(letter, sender="T <t@example.com>", recipient=recipient, message_id="<1@example.com>", now=now)
