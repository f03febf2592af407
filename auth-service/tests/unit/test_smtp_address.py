"""How SMTP_URL is read."""

import pytest

from auth_service.mail.smtp_address import SmtpAddress, read_smtp_url
from shared.settings import SettingsError


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("smtp://mail.example.com", SmtpAddress("mail.example.com", 587, None, None, False, None)),
        ("smtp://127.0.0.1:1025", SmtpAddress("127.0.0.1", 1025, None, None, False, None)),
        ("smtps://u:p%40ss@m.example.com", SmtpAddress("m.example.com", 465, "u", "p@ss", True, False)),
        ("smtp://m.example.com?starttls=required", SmtpAddress("m.example.com", 587, None, None, False, True)),
        ("smtp://u:p@localhost", SmtpAddress("localhost", 587, "u", "p", False, None)),
    ],
)
def test_an_address_says_how_the_way_is_protected(url: str, address: SmtpAddress) -> None:
    assert read_smtp_url(url) == address


def test_a_password_goes_to_another_machine_over_tls_only() -> None:
    assert read_smtp_url("smtp://u:p@mail.example.com").start_tls is True


@pytest.mark.parametrize("url", ["http://x", "smtp://:25", "smtp://x:port", "smtp://x?starttls=maybe", "nonsense"])
def test_anything_else_stops_the_start_without_showing_the_value(url: str) -> None:
    with pytest.raises(SettingsError, match="SMTP_URL") as refusal:
        read_smtp_url(url)

    assert url not in str(refusal.value)
