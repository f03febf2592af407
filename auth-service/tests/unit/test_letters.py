"""Letters: what names may not do to them, and the message they become."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from auth_service.mail.letters import Letter, invitation, shown_name, verification
from auth_service.mail.rendering import html_of, message, text_of

LINK = "https://app.example.com/verify-email?token=abc&x=1"


def test_both_bodies_say_the_same_and_carry_the_link() -> None:
    letter = verification("Ada", LINK)

    text, page = text_of(letter), html_of(letter)

    assert LINK in text
    assert page.count('href="https://app.example.com/verify-email?token=abc&amp;x=1"') == 2
    assert all(paragraph in text and paragraph in page for paragraph in letter.paragraphs)


def test_names_are_text_in_html() -> None:
    page = html_of(invitation('<img src=x onerror="alert(1)">', "A & B $subject", LINK))

    assert "<img" not in page
    assert "A &amp; B $subject" in page


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada\r\nBcc: x", "Ada Bcc: x"),
        ("a\u202eb\u200bc", "a b c"),
        ("  Ada   L ", "Ada L"),
        ("x" * 200, "x" * 79 + "…"),
    ],
)
def test_a_name_is_one_short_visible_line(name: str, shown: str) -> None:
    assert shown_name(name) == shown


def test_a_header_with_a_line_break_is_refused() -> None:
    letter = Letter(template="x", subject="a\nBcc: b@example.com", greeting="", paragraphs=(), closing="")

    with pytest.raises(ValueError, match="linefeed"):
        as_message(letter, "ada@example.com")


def test_an_address_beyond_ascii_needs_an_international_message() -> None:
    made = as_message(verification("Ada", LINK), "jürgen@example.com")

    assert made.policy.utf8
    assert "jürgen@example.com".encode() in made.as_bytes()
    assert as_message(verification("Ada", LINK), "ada@example.com").policy is SMTP


def as_message(letter: Letter, recipient: str) -> EmailMessage:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    return message(letter, sender="T <t@example.com>", recipient=recipient, message_id="<1@example.com>", now=now)
