"""Tokenizers as files, as Hugging Face publishes them, trained in a moment."""

from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers


def trained_file(folder: Path) -> Path:
    """Reads every text, and `the moon` in few tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(["the moon is far away"] * 10, trainer)
    return _saved(tokenizer, folder)


def wordless_file(folder: Path) -> Path:
    """Has no word for anything, and none for the unknown."""
    return _saved(Tokenizer(models.WordLevel({}, unk_token="[UNK]")), folder)


def _saved(tokenizer: Tokenizer, folder: Path) -> Path:
    file = folder / "tokenizer.json"
    tokenizer.save(str(file))
    return file
