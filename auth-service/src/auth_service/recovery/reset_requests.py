"""Requests for a new password, as they wait for their answer."""

import msgspec

from shared.jobs.kinds import JobKind, Limits, Retry


class ResetRequest(msgspec.Struct, frozen=True):
    """For whatever address was given: whether it has an account is looked up later, out of anybody's sight."""

    email_identity: str


RESET_REQUEST = JobKind(
    "password.reset_request",
    ResetRequest,
    timeout=30.0,  # a few statements
    # For about half an hour: who waits longer asks again.
    retry=Retry(attempts=12, first=5.0, factor=2.0, longest=300.0),
    limits=Limits(per_worker=4),  # each holds a connection to the database
)
"""The unique key is the address's identity: who asks again before the answer has one request. It is of no tenant."""
