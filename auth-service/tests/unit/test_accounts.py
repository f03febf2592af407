"""Rules of accounts and tenants."""

import pytest

from auth_service.accounts.domain import check_profile, merge_patch
from auth_service.accounts.password_rules import PasswordRules
from auth_service.tenants.domain import MAX_SLUG, default_name, slug_of
from shared.errors import ValidationFailed


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [  # the examples of RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_patches_merge_as_the_standard_says(target: object, patch: object, expected: object) -> None:
    assert merge_patch(target, patch) == expected


@pytest.mark.parametrize("password", ["password123", "PASSWORD123", "qwertyuiop", "12345678", "autumn2024"])
def test_common_passwords_are_refused_in_any_case(password: str) -> None:
    assert [problem.code for problem in PasswordRules.load().problems("password", password)] == ["too_common"]


def test_the_list_has_ten_thousand_that_could_be_chosen() -> None:
    listed = PasswordRules.load()._common

    assert len(listed) >= 10_000
    assert {len(text) >= 8 and text == text.lower() for text in listed} == {True}


def test_an_uncommon_password_needs_no_digits_or_signs() -> None:
    assert list(PasswordRules.load().problems("password", "lanterns above the quiet harbour")) == []


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Analytical Engines", "analytical-engines"),
        ("  Café & Größe  ", "cafe-groe"),
        ("Ada's workspace", "adas-workspace"),
        ("日本", "workspace"),
        ("--", "workspace"),
        ("x" * 100, "x" * MAX_SLUG),
    ],
)
def test_a_slug_is_short_and_plain(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_the_default_name_is_the_founders() -> None:
    assert default_name(" Ada ") == "Ada's workspace"


@pytest.mark.parametrize("address", ["https://example.com/a.png?s=1", "http://example.com:8080/ü", "https://[::1]/x"])
def test_a_web_address_may_be_an_avatar(address: str) -> None:
    check_profile({"avatar_url": address})


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:image/png;base64,x", "//example.com/a", "https://", "https://u:p@example.com",
     "https://example.com/ a", "https://example.com\\@evil.com", "https://[::1", "https://example.com:99999", "a\n"],
)  # fmt: skip
def test_nothing_else_may(address: str) -> None:
    with pytest.raises(ValidationFailed):
        check_profile({"avatar_url": address})
