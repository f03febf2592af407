"""Makes auth-service's list of common passwords: `python -m deploy.common_passwords`.

The source is the ranked list that ships with zxcvbn (MIT; counted in leaked accounts by their number of uses). Kept are
the 10,000 first that are long enough to be chosen at all, in their order: lower case, one per line.
"""

from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from deploy.console import say

KEPT = 10_000
SHORTEST = 8
FILE = Path(__file__).parents[1] / "auth-service/src/auth_service/accounts/common_passwords.txt"


def common_passwords() -> list[str]:
    return [text for text in FREQUENCY_LISTS["passwords"] if len(text) >= SHORTEST][:KEPT]


def main() -> None:
    passwords = common_passwords()
    FILE.write_text("".join(f"{text}\n" for text in passwords), encoding="utf-8")
    say(f"{len(passwords)} passwords in {FILE}")


if __name__ == "__main__":
    main()
