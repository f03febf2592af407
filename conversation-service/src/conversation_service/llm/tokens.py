"""How many tokens a text has: by the tokenizer that the operator names, else estimated by its length."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shared.events.conversations import TokenCountSource
from shared.telemetry.logs import get_logger

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CHARACTERS_PER_TOKEN = 4  # the usual rule of thumb for English text
SHORT_CHARACTERS = 2_000  # of all texts together: counted within a millisecond; more would hold up the others
PIECE_CHARACTERS = 20_000  # some tokenizers take the square of a word's length, and a text may be one word
COUNTED_AT_ONCE = 2  # long texts; a second of a core each, and other work needs threads, too
_LEAST_EXACT_LAST = list(TokenCountSource)


class TokenCount(NamedTuple):
    tokens: int
    source: TokenCountSource


def total(counts: Iterable[TokenCount]) -> TokenCount:
    """As exact as the least exact of them; there is at least one."""
    tokens, sources = zip(*counts, strict=True)
    return TokenCount(sum(tokens), max(sources, key=_LEAST_EXACT_LAST.index))


class TokenCounter:
    """What it has no tokenizer for, or what that cannot read, it estimates, and says so."""

    def __init__(self, tokenizer: "Tokenizer | None" = None) -> None:
        self._tokenizer = tokenizer
        self._counting = asyncio.Semaphore(COUNTED_AT_ONCE)

    @classmethod
    def of_file(cls, path: str | None) -> "TokenCounter":
        """Of a `tokenizer.json` as Hugging Face publishes it beside a model. Raises ValueError when it is none."""
        if path is None:
            return cls()
        from tokenizers import Tokenizer  # here and not above: most installations do without

        try:
            tokenizer = Tokenizer.from_str(Path(path).read_text(encoding="utf-8"))
        except Exception as error:  # the library has no class of its own for what it cannot read
            raise ValueError(f"LLM_TOKENIZER_FILE: {path} is no tokenizer: {error}") from error
        tokenizer.no_truncation()  # files tell how the model was trained: cut to a length, filled up to one
        tokenizer.no_padding()
        return cls(tokenizer)

    async def count(self, text: str) -> TokenCount:
        if self._tokenizer is None:
            return _estimated(text)
        return await self._count(self._tokenizer, [text])

    async def count_all(self, texts: Sequence[str]) -> TokenCount:
        """The sum over `texts`, of which there is at least one."""
        if self._tokenizer is None:
            return total(_estimated(text) for text in texts)
        return await self._count(self._tokenizer, texts)

    async def _count(self, tokenizer: "Tokenizer", texts: Sequence[str]) -> TokenCount:
        if sum(map(len, texts)) <= SHORT_CHARACTERS:
            return _counted_all(tokenizer, texts)
        async with self._counting:
            return await asyncio.to_thread(_counted_all, tokenizer, texts)


def _counted_all(tokenizer: "Tokenizer", texts: Sequence[str]) -> TokenCount:
    return total(_counted(tokenizer, text) for text in texts)


def _counted(tokenizer: "Tokenizer", text: str) -> TokenCount:
    try:
        counts = [_count_piece(tokenizer, piece) for piece in _pieces(text)]
    except Exception:  # its vocabulary may lack a word for unknown ones; the library raises nothing narrower
        get_logger().warning("the tokenizer could not read a text", characters=len(text))
        return _estimated(text)
    return TokenCount(sum(counts), TokenCountSource.TOKENIZER)


def _count_piece(tokenizer: "Tokenizer", piece: str) -> int:
    [encoding] = tokenizer.encode_batch_fast([piece], add_special_tokens=False)  # in batches it releases the GIL
    return len(encoding)


def _pieces(text: str) -> list[str]:
    """Counted apart, a piece may have one token more than within its text."""
    return [text[start : start + PIECE_CHARACTERS] for start in range(0, len(text), PIECE_CHARACTERS)] or [""]


def _estimated(text: str) -> TokenCount:
    return TokenCount(-(-len(text) // CHARACTERS_PER_TOKEN), TokenCountSource.ESTIMATE)
