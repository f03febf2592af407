"""How tokens are counted, and that every count says where it comes from."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from tokenizer_files import wordless_file
from tokenizers import Tokenizer

from conversation_service.llm import tokens
from conversation_service.llm.tokens import (
    CHARACTERS_PER_TOKEN,
    SHORT_CHARACTERS,
    TokenCount,
    TokenCounter,
    total,
)
from shared.events.conversations import TokenCountSource


@given(st.text())
async def test_an_estimate_is_the_length_in_fours_rounded_up(text: str) -> None:
    tokens, source = await TokenCounter().count(text)

    assert (tokens - 1) * CHARACTERS_PER_TOKEN < len(text) <= tokens * CHARACTERS_PER_TOKEN
    assert source is TokenCountSource.ESTIMATE


@pytest.mark.parametrize("text", ["", "the moon", "été 月 🌝", "a\u2028b", " \t\n" * 5, "the moon " * SHORT_CHARACTERS])
async def test_a_named_tokenizer_counts_as_it_does_itself(tokenizer_file: Path, text: str) -> None:
    itself = Tokenizer.from_file(str(tokenizer_file))

    counted = await TokenCounter.of_file(str(tokenizer_file)).count(text)

    assert counted == (len(itself.encode(text).ids), TokenCountSource.TOKENIZER)


async def test_a_long_text_is_counted_whole(tokenizer_file: Path) -> None:
    counter = TokenCounter.of_file(str(tokenizer_file))
    told = json.loads(tokenizer_file.read_text())
    cut = {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0}
    tokenizer_file.write_text(json.dumps({**told, "truncation": cut}))
    text = "the moon " * SHORT_CHARACTERS

    counted = await TokenCounter.of_file(str(tokenizer_file)).count(text)

    assert counted == await counter.count(text)
    assert counted.tokens >= SHORT_CHARACTERS


async def test_what_the_tokenizer_cannot_read_is_estimated(tmp_path: Path) -> None:
    counter = TokenCounter.of_file(str(wordless_file(tmp_path)))

    assert await counter.count("abcde") == (2, TokenCountSource.ESTIMATE)


@pytest.mark.parametrize("write", [lambda file: None, lambda file: file.write_text("{}"), lambda file: file.mkdir()])
def test_a_file_that_is_no_tokenizer_stops_the_start_by_its_name(tmp_path: Path, write: Callable[[Path], None]) -> None:
    file = tmp_path / "tokenizer.json"
    write(file)

    with pytest.raises(ValueError, match=r"LLM_TOKENIZER_FILE: .*tokenizer\.json is no tokenizer"):
        TokenCounter.of_file(str(file))


def test_a_sum_is_as_exact_as_its_least_exact_part() -> None:
    provider, tokenizer, estimate = (TokenCount(2, source) for source in TokenCountSource)

    assert total([tokenizer, provider]) == (4, TokenCountSource.TOKENIZER)
    assert total([provider, estimate, tokenizer]) == (6, TokenCountSource.ESTIMATE)


async def test_many_short_texts_are_counted_together_beside_the_event_loop(
    tokenizer_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter, texts = TokenCounter.of_file(str(tokenizer_file)), ["the moon"] * SHORT_CHARACTERS
    count, threads = tokens._counted, list[int]()

    def counted(tokenizer: Tokenizer, text: str) -> TokenCount:
        threads.append(threading.get_ident())
        return count(tokenizer, text)

    one = await counter.count(texts[0])
    monkeypatch.setattr(tokens, "_counted", counted)

    assert await counter.count_all(texts) == (one.tokens * len(texts), TokenCountSource.TOKENIZER)
    assert (len(threads), len(set(threads))) == (len(texts), 1)
    assert threads[0] != threading.get_ident()
