"""Frequent questions with their answers, from Markdown files, and finding the one that fits.

A file is `# question`, a comment with further words it is found by, and the answer. Few texts, read at the start: the
index is a dictionary. Words are weighted by how few articles have them (inverse document frequency).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from math import log
from typing import NamedTuple, Self

from conversation_service.support.schemas import Article

ENOUGH = 0.55
"""The part of a question's weight that an article has to cover to count as its answer."""

_IN_HEADING, _IN_BODY = 1.0, 0.3
_FILE = re.compile(r"# (?P<question>[^\n]+)\n\n<!-- also found by: (?P<words>[^\n]+) -->\n\n(?P<answer>.+)", re.DOTALL)
_WORD = re.compile(r"[^\W_]+")
_SAYS_NOTHING = frozenset(
    _WORD.findall(
        """
        a about again all am an and any are as at be been but by can cannot could did do does for from get give go got
        had has have hello hey hi how i if im in into is it its just let like make may me my need no not of on one or
        our out please put s should so some t tell thank thanks that the their them then there they thing this to too
        up us use very want was we were what when where which who whom whose why will with work would you your yours
        """
    )
)
_ENDINGS = ("ations", "ation", "ings", "ing", "ions", "ion", "ers", "er", "ies", "es", "ed", "s", "e", "y")
_STEM = 3  # letters that are left at least


class _Indexed(NamedTuple):
    article: Article
    weights: Mapping[str, float]


class Faq:
    def __init__(self, texts: Mapping[str, str]) -> None:
        """`texts` are files by the name of their article. Raises ValueError for one of another form."""
        self._indexed = [_index(name, text) for name, text in sorted(texts.items())]
        self._rarity = _rarity([each.weights for each in self._indexed])

    @classmethod
    def load(cls) -> Self:
        """The one that comes with this service."""
        folder = files("conversation_service.support") / "articles"
        return cls({each.name.removesuffix(".md"): each.read_text(encoding="utf-8") for each in folder.iterdir()})

    @property
    def articles(self) -> list[Article]:
        return [each.article for each in self._indexed]

    def search(self, words: str) -> list[Article]:
        """Every article that has one of the words, best first."""
        return [article for _, article in self._ranked(words)]

    def answer_to(self, question: str) -> Article | None:
        """None where no article is clearly about it."""
        ranked = self._ranked(question)
        return ranked[0][1] if ranked and ranked[0][0] >= ENOUGH else None

    def _ranked(self, text: str) -> list[tuple[float, Article]]:
        terms = set(_terms(text))
        unknown = log(1 + len(self._indexed))
        whole = sum(self._rarity.get(term, unknown) for term in terms)
        scored = (
            (sum(self._rarity[term] * each.weights[term] for term in terms & each.weights.keys()) / whole, each.article)
            for each in self._indexed
            if terms & each.weights.keys()
        )
        return sorted(scored, key=lambda pair: (-pair[0], pair[1].id))


def _index(name: str, text: str) -> _Indexed:
    parts = _FILE.fullmatch(text)
    if parts is None:
        raise ValueError(f"the article {name} has another form")
    weights = dict.fromkeys(_terms(parts["answer"]), _IN_BODY)
    weights |= dict.fromkeys(_terms(f"{parts['question']} {parts['words']}"), _IN_HEADING)
    return _Indexed(Article(id=name, question=parts["question"], answer=parts["answer"].strip()), weights)


def _rarity(documents: Sequence[Mapping[str, float]]) -> dict[str, float]:
    count = {term: sum(term in document for document in documents) for document in documents for term in document}
    return {term: log(1 + len(documents) / number) for term, number in count.items()}


def _terms(text: str) -> Iterable[str]:
    return (_stem(word) for word in _WORD.findall(text.casefold()) if word not in _SAYS_NOTHING)


def _stem(word: str) -> str:
    """Rough on purpose: it only has to do the same to question and article."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM:
            return word[: -len(ending)]
    return word
