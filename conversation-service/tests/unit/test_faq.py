"""Finding the frequent question that somebody asks in their own words."""

import pytest
from hypothesis import given, settings, strategies as st

from conversation_service.support.faq import Faq

FAQ = Faq.load()


@pytest.mark.parametrize(
    ("question", "article"),
    [
        ("I forgot my password", "reset-password"),
        ("Hi, I have lost my password and cannot login anymore!", "reset-password"),
        ("how can I turn on 2FA?", "two-factor"),
        ("Where do I find my recovery codes for the authenticator app?", "two-factor"),
        ("How do I invite a colleague?", "invite-people"),
        ("who can see my private project", "project-visibility"),
        ("what may a viewer do, which permissions does the role have", "roles"),
        ("Please turn off the email notifications", "notifications"),
        ("How do I delete my account?", "export-delete"),
        ("can I export my personal data", "export-delete"),
        ("how to mention somebody in a comment", "mentions"),
        ("Why does the AI model say offline?", "ai-models"),
        ("I get 429 too many requests", "limits"),
        ("how do I use an API key with curl", "api-keys"),
    ],
)
def test_a_question_finds_its_article(question: str, article: str) -> None:
    found = FAQ.answer_to(question)

    assert found is not None
    assert found.id == article


@pytest.mark.parametrize(
    "question",
    [
        "What is the weather like in Lisbon tomorrow?",
        "Can you write a poem about the sea?",
        "My invoice of March has the wrong VAT number, please correct it",
        "the of and to",
        "???",
        "Does Tessera run on FreeBSD with ZFS snapshots?",
    ],
)
def test_what_no_article_is_about_stays_open(question: str) -> None:
    assert FAQ.answer_to(question) is None


def test_every_article_answers_its_own_question() -> None:
    for article in FAQ.articles:
        assert FAQ.answer_to(article.question) == article
    assert len(FAQ.articles) >= 12


def test_a_search_lists_what_has_the_words_best_first() -> None:
    found = [article.id for article in FAQ.search("password")]

    assert set(found[:2]) == {"change-password", "reset-password"}
    assert FAQ.search("zebra") == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_asked(text: str) -> None:
    found = FAQ.search(text)

    assert FAQ.answer_to(text) in (None, *found[:1])


def test_an_article_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="odd"):
        Faq({"odd": "no heading"})
