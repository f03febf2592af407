"""Encryption at rest."""

import pytest

from shared.sealing import Seal, SealError

SECRET = "key-encryption-secret-of-the-tests-01"


def test_what_was_sealed_opens_at_its_place() -> None:
    assert Seal(SECRET, "keys").open(Seal(SECRET, "keys").close(b"private", "row 1"), "row 1") == b"private"


def test_sealing_twice_shows_no_likeness() -> None:
    seal = Seal(SECRET, "keys")

    assert seal.close(b"private", "row 1") != seal.close(b"private", "row 1")


@pytest.mark.parametrize(
    ("secret", "purpose", "place"),
    [("another secret", "keys", "row 1"), (SECRET, "codes", "row 1"), (SECRET, "keys", "row 2")],
)
def test_it_opens_nowhere_else(secret: str, purpose: str, place: str) -> None:
    sealed = Seal(SECRET, "keys").close(b"private", "row 1")

    with pytest.raises(SealError):
        Seal(secret, purpose).open(sealed, place)


@pytest.mark.parametrize("damaged", [b"", b"short", bytes(60)])
def test_damaged_bytes_open_nothing(damaged: bytes) -> None:
    with pytest.raises(SealError):
        Seal(SECRET, "keys").open(damaged, "row 1")
