"""Which session cookie counts of those that a browser sends."""

import pytest

from shared.session_cookie import cookie_values, session_cookie_values


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        ([], []),
        ([b"theme=dark; tessera_session=tsc_a; lang=de"], [b"tsc_a"]),
        ([b"tessera_session=tsc_a; tessera_session=tsc_b"], [b"tsc_a", b"tsc_b"]),
        ([b"theme=dark", b"tessera_session=tsc_a"], [b"tsc_a"]),
        ([b"tessera_session=; x=tessera_session; not_tessera_session=tsc_a"], []),
        ([b"tessera_session=tsc_evil; __Host-tessera_session=tsh_a; tessera_session=tsc_evil"], [b"tsh_a"]),
        ([b"tessera_session=tsc_a; __Host-tessera_session="], [b"tsc_a"]),
        ([b"tessera_session=tsh_evil"], []),
        ([b"x=1,__Host-tessera_session=tsh_evil"], []),
        ([b'x="; __Host-tessera_session=tsh_a"'], [b'tsh_a"']),
        ([b"__host-tessera_session=tsh_evil; __Secure-tessera_session=tsh_evil"], []),
    ],
)
def test_the_protected_name_wins_and_its_values_count_under_no_other(lines: list[bytes], values: list[bytes]) -> None:
    assert session_cookie_values(lines) == values


def test_cookies_of_one_name_keep_their_order() -> None:
    assert cookie_values([b"a=1;a=2 ; b=3", b"a=4"], b"a") == [b"1", b"2", b"4"]
