"""Which e-mail addresses are accepted, and which are the same."""

import pytest
from hypothesis import given, strategies as st

from shared.email_address import email_identity, is_email


@pytest.mark.parametrize(
    "email",
    [
        "ada@example.com",
        "ada.l+tag@mail.example.co.uk",
        "o'neil@example.com",
        "josé@exámple.com",
        "用户@例子.广告",
        "a@b-c.io",
        "1@2.museum",
    ],
)
def test_a_sane_address_is_accepted(email: str) -> None:
    assert is_email(email)


@pytest.mark.parametrize(
    "email",
    [
        "", "ada", "@example.com", "ada@", "ada@localhost", "a@b@example.com", "ada @example.com", "ada@exa mple.com",
        ".ada@example.com", "ada.@example.com", "a..b@example.com", "ada@.com", "ada@example..com", "ada@-example.com",
        "ada@example-.com", "ada@example.com.", '"ada"@example.com', "<ada@example.com>", "ada,b@example.com",
        "ada@[127.0.0.1]", "ada\n@example.com", "ada@example.com\n", "a" * 65 + "@example.com",
        "ada@" + "x" * 64 + ".com",
    ],
)  # fmt: skip
def test_a_malformed_address_is_refused(email: str) -> None:
    assert not is_email(email)


@pytest.mark.parametrize(
    "hidden",
    [
        "\u202e",
        "\u2066",
        "\u200f",
        "\u200b",
        "\u200d",
        "\u2060",
        "\ufeff",
        "\u00ad",
        "\u034f",
        "\u115f",
        "\u3164",
        "\ufe0f",
    ],
)
def test_what_cannot_be_seen_is_refused(hidden: str) -> None:
    assert not is_email(f"a{hidden}da@example.com")
    assert not is_email(f"ada@exam{hidden}ple.com")


def test_a_compatibility_character_hides_no_second_at_sign() -> None:
    assert not is_email("ada\uff20evil.com@example.com")


def test_an_address_that_grows_beyond_the_limit_when_folded_is_refused() -> None:
    assert not is_email("\ufdfa" * 30 + "@example.com")


@pytest.mark.parametrize("other", ["ADA@example.com", "ada@EXAMPLE.COM", "Ada@ExAmPlE.cOm"])
def test_spellings_of_one_address_have_one_identity(other: str) -> None:
    assert email_identity(other) == email_identity("ada@example.com")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u00e9ve@example.com", "e\u0301ve@example.com"),
        ("\u00c9VE@example.com", "\u00e9ve@example.com"),
        ("\u212aim@example.com", "kim@example.com"),
    ],
)
def test_composed_and_decomposed_letters_in_any_case_are_one_address(one: str, other: str) -> None:
    assert email_identity(one) == email_identity(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\uff41da@example.com", "ada@example.com"),
        ("\ufb01ona@example.com", "fiona@example.com"),
        ("\u00b2@example.com", "2@example.com"),
        ("m\u0131ke@example.com", "mike@example.com"),
        ("stra\u00dfe@example.com", "strasse@example.com"),
    ],
)
def test_mailboxes_that_only_look_alike_are_two_addresses(one: str, other: str) -> None:
    assert email_identity(one) != email_identity(other)


@given(st.text(max_size=300))
def test_any_text_is_judged_and_its_identity_is_final(text: str) -> None:
    is_email(text)

    assert email_identity(email_identity(text)) == email_identity(text)
