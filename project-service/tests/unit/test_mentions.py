"""Which names a text mentions, and whom they mean."""

import pytest
from hypothesis import given, settings, strategies as st

from project_service.comments.domain import MAX_MENTIONS, handles_in, unambiguous
from project_service.members.repository import Mentionable
from shared.ids import new_id
from shared.principal import Role


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@ada", ["ada"]),
        ("Ask @Ada, or (@ben)!", ["ada", "ben"]),
        ("@ada.", ["ada.", "ada"]),
        ("@ada.lovelace", ["ada.lovelace"]),
        ("@o'neil", ["o'neil"]),
        ("@Ödön", ["ödön"]),
        ("mail ada@example.com", []),
        ("@ada@example.com", ["ada"]),
        ("@@ada", []),
        ("@ @. @-", []),
        ("", []),
    ],
)
def test_a_name_stands_behind_an_at_that_begins_a_word(text: str, handles: list[str]) -> None:
    assert handles_in(text) == handles


@given(st.text(alphabet="@ab. -\n", max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_mentions_a_bounded_number_of_names(text: str) -> None:
    handles = handles_in(text)

    assert all(handles)
    assert len(handles) == len(set(handles)) <= 2 * MAX_MENTIONS + 1


def test_a_name_of_several_people_means_nobody() -> None:
    sam, other_sam, ada = called("sam", "sam"), called("sam", "sammy"), called("ada", "sammo")

    assert unambiguous([sam, other_sam, ada], ["sam", "ada", "sammo"]) == [ada]
    assert unambiguous([sam, other_sam], ["sam", "sammy"]) == [other_sam]


def called(mail_handle: str, name_handle: str) -> Mentionable:
    return Mentionable(new_id(), Role.DEVELOPER, mail_handle, name_handle)
