"""What a cursor must be to be read."""

import base64

import pytest

from shared.errors import ValidationFailed
from shared.pagination import decode_cursor, encode_cursor


def test_a_cursor_is_read_as_it_was_made() -> None:
    assert decode_cursor(encode_cursor("name", 7), tuple[str, int]) == ("name", 7)


@pytest.mark.parametrize(
    "text", ["", "[", "[" * 100_000, '["a"]', '["a\\u0000", 1]', '["\\ud800", 1]', '["a", 1e400]', "7"]
)
def test_what_was_not_made_by_us_is_refused(text: str) -> None:
    with pytest.raises(ValidationFailed):
        decode_cursor(base64.urlsafe_b64encode(text.encode()).decode(), tuple[str, int])


@pytest.mark.parametrize("cursor", ["a", "ä", "====", "%00", "\ud800"])
def test_what_is_no_base64_is_refused(cursor: str) -> None:
    with pytest.raises(ValidationFailed):
        decode_cursor(cursor, tuple[str, int])
