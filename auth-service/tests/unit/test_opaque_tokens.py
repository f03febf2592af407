"""Tokens that say nothing: each kind reads its own, to the letter."""

import pytest
from hypothesis import given, strategies as st

from auth_service.api_keys.domain import key_tokens, shown_prefix
from auth_service.handovers.service import session_tokens
from auth_service.opaque_tokens import OpaqueTokens
from auth_service.sessions.cookies import cookie_tokens
from auth_service.sessions.refresh_tokens import RefreshTokens
from shared.ids import new_id
from shared.introspection import MAX_CREDENTIAL

SECRET = "key-encryption-secret-of-the-tests-01"
KINDS = [key_tokens(), cookie_tokens(SECRET), session_tokens(SECRET)]


@pytest.mark.parametrize("tokens", KINDS)
def test_a_token_reads_back_as_what_it_is(tokens: OpaqueTokens) -> None:
    token = tokens.new(new_id())

    assert tokens.read(token.text) == token
    assert len(token.text) <= MAX_CREDENTIAL


@pytest.mark.parametrize("tokens", KINDS)
def test_two_tokens_of_one_id_are_different(tokens: OpaqueTokens) -> None:
    token_id = new_id()

    assert tokens.new(token_id).digest != tokens.new(token_id).digest


@pytest.mark.parametrize("tokens", KINDS)
def test_no_kind_reads_another(tokens: OpaqueTokens) -> None:
    refresh = RefreshTokens(SECRET)
    others = [other.new(new_id()).text for other in KINDS if other is not tokens]

    assert [tokens.read(text) for text in (*others, refresh.first(new_id()).text, "", "tsk_", "a.b.c")] == [None] * 6
    assert refresh.read(tokens.new(new_id()).text) is None


@pytest.mark.parametrize("tokens", KINDS)
def test_another_prefix_does_not_make_another_kind(tokens: OpaqueTokens) -> None:
    text = tokens.new(new_id()).text

    for prefix in ("tsr_", "tsk_", "tsc_", "tso_"):
        assert all(other.read(prefix + text[4:]) is None for other in KINDS if other is not tokens)


@given(st.integers(0, 68), st.characters(codec="utf-8"))
def test_a_key_changed_anywhere_is_not_one(position: int, character: str) -> None:
    text = key_tokens().new(new_id()).text
    place = 4 + position

    changed = text[:place] + character + text[place + 1 :]

    assert (key_tokens().read(changed) is None) == (changed != text)


@pytest.mark.parametrize("make", [cookie_tokens, session_tokens])
def test_under_another_secret_nothing_is_ours(make: type[OpaqueTokens]) -> None:
    assert make("another-secret-of-32-characters-or-more").read(make(SECRET).new(new_id()).text) is None


def test_what_is_shown_of_a_key_tells_keys_apart_and_nothing_of_the_secret() -> None:
    key_id = new_id()

    assert shown_prefix(key_tokens().new(key_id)) == shown_prefix(key_tokens().new(key_id))
    assert shown_prefix(key_tokens().new(key_id)) != shown_prefix(key_tokens().new(new_id()))
