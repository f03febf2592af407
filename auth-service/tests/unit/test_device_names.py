"""How people recognise their devices."""

import pytest
from hypothesis import given, strategies as st

from auth_service.device_sessions.domain import device_name


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("TesseraMobile/3.1 (Android 15)", "App on Android"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown device"),
        ("\x07<script>", "Unknown device"),
    ],
)
def test_a_device_has_the_name_that_people_use(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name


@given(st.text(max_size=400))
def test_whatever_a_client_says_its_name_is_short(user_agent: str) -> None:
    assert 1 <= len(device_name(user_agent)) <= 40
