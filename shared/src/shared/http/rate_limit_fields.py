"""The header fields that tell a client of its rate limits, as structured-field lists.

draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` names each quota (`q`) and its window in seconds (`w`),
`RateLimit` what is left of one (`r`) and in how many seconds there will be more (`t`).
"""

from shared.errors import TooManyRequests


def policy_item(name: str, quota: int, seconds: int) -> str:
    return f'"{name}";q={quota};w={seconds}'


def state_item(name: str, left: int, seconds: int) -> str:
    return f'"{name}";r={left};t={seconds}'


def too_many_requests(policy: str, name: str, wait: int) -> TooManyRequests:
    """`policy` is the whole RateLimit-Policy field, `name` the quota of it that is used up for `wait` seconds."""
    headers = {"Retry-After": str(wait), "RateLimit-Policy": policy, "RateLimit": state_item(name, 0, wait)}
    return TooManyRequests(details={"retry_after": wait}, headers=headers)
