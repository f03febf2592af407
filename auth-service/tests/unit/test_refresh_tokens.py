"""Refresh tokens and the judgement over those that lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from auth_service.sessions.domain import GRACE, EndReason, Family, Judgement, judge
from auth_service.sessions.refresh_tokens import RefreshTokens
from shared.ids import new_id

SECRET = "key-encryption-secret-of-the-tests-01"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_a_token_reads_back_as_what_it_is() -> None:
    tokens = RefreshTokens(SECRET)

    token = tokens.first(new_id())

    assert tokens.read(token.text) == token


def test_every_first_token_is_different() -> None:
    session_id = new_id()

    assert RefreshTokens(SECRET).first(session_id) != RefreshTokens(SECRET).first(session_id)


def test_replicas_derive_the_same_successor() -> None:
    token = RefreshTokens(SECRET).first(new_id())

    successor = RefreshTokens(SECRET).successor(token)

    assert successor == RefreshTokens(SECRET).successor(token)
    assert successor.session_id == token.session_id
    assert successor.text != token.text


def test_another_secret_derives_another_successor_and_reads_nothing() -> None:
    token, other = RefreshTokens(SECRET).first(new_id()), RefreshTokens("another-secret")

    assert other.successor(token) != RefreshTokens(SECRET).successor(token)
    assert other.read(token.text) is None


@given(st.integers(0, 84), st.characters(codec="utf-8"))
def test_a_token_changed_anywhere_is_not_ours(position: int, character: str) -> None:
    tokens = RefreshTokens(SECRET)
    text = tokens.first(new_id()).text
    place = 4 + position

    changed = text[:place] + character + text[place + 1 :]

    assert (tokens.read(changed) is None) == (changed != text)


def test_the_last_character_has_one_spelling() -> None:
    tokens = RefreshTokens(SECRET)
    text = tokens.first(new_id()).text

    others = [text[:-1] + last for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]

    assert [other for other in others if tokens.read(other)] == [text]


def family(**changes: object) -> Family:
    usual = Family(
        current_digest=b"current",
        previous_digest=b"parent",
        rotated_at=NOW,
        expires_at=NOW + timedelta(days=30),
        revoked_at=None,
        revoked_reason=None,
    )
    return usual._replace(**changes)


@pytest.mark.parametrize(
    ("digest", "known", "later", "expected"),
    [
        (b"parent", family(), GRACE - timedelta(microseconds=1), Judgement.SAME_SUCCESSOR),
        (b"parent", family(), GRACE, Judgement.REUSED),
        (b"grandparent", family(), timedelta(), Judgement.REUSED),
        (b"grandparent", family(previous_digest=None, rotated_at=None), timedelta(), Judgement.REUSED),
        (b"current", family(), timedelta(), Judgement.INVALID),
        (b"parent", family(), timedelta(days=30), Judgement.INVALID),
        (b"parent", family(revoked_at=NOW, revoked_reason=EndReason.LOGOUT.value), timedelta(), Judgement.INVALID),
        (b"current", family(revoked_at=NOW, revoked_reason="refresh_reused"), timedelta(), Judgement.REUSED),
    ],
)
def test_a_token_that_lost_is_judged_by_its_place_in_the_family(
    digest: bytes, known: Family, later: timedelta, expected: Judgement
) -> None:
    assert judge(known, digest, NOW + later) is expected
