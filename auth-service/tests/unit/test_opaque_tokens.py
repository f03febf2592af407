"""Tokens that say nothing: each kind reads its own, to the letter."""

import pytest
from hypothesis import given, strategies as st

from auth_service.api_keys.domain import key_tokens, shown_prefix
from auth_service.handovers.service import session_tokens
from auth_service.opaque_tokens import OpaqueTokens
from auth_service.sessions.cookies import CookieTokens
from auth_service.sessions.refresh_tokens import RefreshTokens
from shared.ids import new_id
from shared.introspection import MAX_CREDENTIAL

SECRET = "key-encryption-secret-of-the-tests-01"
Kind = OpaqueTokens | CookieTokens


def protected_cookies(secret: str) -> CookieTokens:
    return CookieTokens(secret, is_protected=True)


def plain_cookies(secret: str) -> CookieTokens:
    return CookieTokens(secret, is_protected=False)


KINDS: list[Kind] = [key_tokens(), protected_cookies(SECRET), session_tokens(SECRET)]


@pytest.mark.parametrize("tokens", KINDS)
def test_a_token_reads_back_as_what_it_is(tokens: Kind) -> None:
    token = tokens.new(new_id())

    assert tokens.read(token.text) == token
    assert len(token.text) <= MAX_CREDENTIAL


@pytest.mark.parametrize("tokens", KINDS)
def test_two_tokens_of_one_id_are_different(tokens: Kind) -> None:
    token_id = new_id()

    assert tokens.new(token_id).digest != tokens.new(token_id).digest


@pytest.mark.parametrize("tokens", KINDS)
def test_no_kind_reads_another(tokens: Kind) -> None:
    refresh = RefreshTokens(SECRET)
    others = [other.new(new_id()).text for other in KINDS if other is not tokens]

    assert [tokens.read(text) for text in (*others, refresh.first(new_id()).text, "", "tsk_", "a.b.c")] == [None] * 6
    assert refresh.read(tokens.new(new_id()).text) is None


@pytest.mark.parametrize("tokens", KINDS)
def test_another_prefix_does_not_make_another_kind(tokens: Kind) -> None:
    text = tokens.new(new_id()).text

    for prefix in ("tsr_", "tsk_", "tsc_", "tsh_", "tso_"):
        assert all(other.read(prefix + text[4:]) is None for other in KINDS if other is not tokens)


def test_cookies_of_both_names_are_read_and_none_becomes_the_other() -> None:
    plain, protected = plain_cookies(SECRET).new(new_id()), protected_cookies(SECRET).new(new_id())

    for tokens in (plain_cookies(SECRET), protected_cookies(SECRET)):
        assert [tokens.read(plain.text), tokens.read(protected.text)] == [plain, protected]
        assert tokens.read("tsh_" + plain.text[4:]) is None
        assert tokens.read("tsc_" + protected.text[4:]) is None


def test_a_cookie_has_one_successor_which_its_text_does_not_tell() -> None:
    tokens, other = protected_cookies(SECRET), protected_cookies("another-secret-of-at-least-32-bytes!")
    cookie = plain_cookies(SECRET).new(new_id())

    assert tokens.successor(cookie) == protected_cookies(SECRET).successor(cookie)
    assert tokens.successor(cookie).id == cookie.id
    assert tokens.read(tokens.successor(cookie).text) == tokens.successor(cookie)
    assert other.successor(cookie).digest != tokens.successor(cookie).digest


@given(st.integers(0, 68), st.characters(codec="utf-8"))
def test_a_key_changed_anywhere_is_not_one(position: int, character: str) -> None:
    text = key_tokens().new(new_id()).text
    place = 4 + position

    changed = text[:place] + character + text[place + 1 :]

    assert (key_tokens().read(changed) is None) == (changed != text)


@pytest.mark.parametrize("make", [protected_cookies, plain_cookies, session_tokens])
def test_under_another_secret_nothing_is_ours(make: type[OpaqueTokens]) -> None:
    assert make("another-secret-of-32-characters-or-more").read(make(SECRET).new(new_id()).text) is None


def test_what_is_shown_of_a_key_tells_keys_apart_and_nothing_of_the_secret() -> None:
    key_id = new_id()

    assert shown_prefix(key_tokens().new(key_id)) == shown_prefix(key_tokens().new(key_id))
    assert shown_prefix(key_tokens().new(key_id)) != shown_prefix(key_tokens().new(new_id()))
