"""Requests that are recorded together: what one stranger asked for in a minute, what one account asked for in vain.

Each gateway aggregates for itself. Whoever sends ten thousand requests that lead nowhere gets one record a minute.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from datetime import UTC, datetime

import msgspec

from gateway.audit.sightings import Sighting, outcome_of, record_of
from shared.address_prefix import address_prefix
from shared.events.gateway import AuditAggregate, AuditRecord, Outcome

MINUTE_SECONDS = 60
MOST_GROUPS = 1_000
"""In a minute: at the worst 1.4 million records a day. What comes beyond is recorded together, without an address."""
MOST_KINDS = 10
"""Of requests (method, route, status) that are told apart in a record; how many others there were is a number."""
ACTION = "request.aggregate"
ELSEWHERE = "*"
"""Stands for the address of strangers who found no group of their own."""

_GRAVEST_FIRST = (Outcome.DENIED, Outcome.LIMITED, Outcome.FAILED, Outcome.SUCCESS)


class Group:
    """`first` stands for all of them where they agree: who, from where, with what."""

    __slots__ = ("_bytes", "_last", "_others", "_seen", "count", "first")

    def __init__(self, first: Sighting) -> None:
        self.first = first
        self.count = 0
        self._last = first.at
        self._bytes = 0
        self._seen: dict[tuple[str, str, int], int] = {}
        """Requests by method, route and status."""
        self._others: Counter[int] = Counter()
        """What did not fit there, by status."""

    def add(self, sighting: Sighting) -> None:
        self.count += 1
        self._last = sighting.at
        self._bytes += sighting.body_size
        seen, kind = self._seen, (sighting.method, sighting.row.path, sighting.status)
        if kind in seen:
            seen[kind] += 1
        elif len(seen) < MOST_KINDS:
            seen[kind] = 1
        else:
            self._others[sighting.status] += 1

    def record(self) -> AuditRecord:
        """Of a single request it is the same as if it had never been in a group."""
        record = record_of(self.first)
        if self.count == 1:
            return record
        aggregate = self._aggregate()
        outcome = _gravest(aggregate.statuses)
        return msgspec.structs.replace(
            record, action=ACTION, outcome=outcome, request_bytes=self._bytes, aggregate=aggregate
        )

    def _aggregate(self) -> AuditAggregate:
        statuses = Counter(self._others)
        for (_, _, status), number in self._seen.items():
            statuses[status] += number
        return AuditAggregate(
            count=self.count,
            first=datetime.fromtimestamp(self.first.at, UTC),
            last=datetime.fromtimestamp(self._last, UTC),
            endpoints=tuple(sorted({f"{method} {path}" for method, path, _ in self._seen})),
            other_endpoints=self._others.total(),
            statuses={str(status): number for status, number in sorted(statuses.items())},
        )


def _gravest(statuses: Iterable[str]) -> Outcome:
    outcomes = {outcome_of(int(status)) for status in statuses}
    return next(outcome for outcome in _GRAVEST_FIRST if outcome in outcomes)


class Aggregation:
    """The groups of the minute that is running."""

    def __init__(self, most_groups: int = MOST_GROUPS) -> None:
        self._most_groups = most_groups
        self._minute = 0
        self._groups: dict[Hashable, Group] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def add(self, sighting: Sighting) -> list[Group]:
        """Returns the groups of the minute before, where this request is the first of another one."""
        ended, key = self.take_ended(sighting.at), key_of(sighting)
        group = self._groups.get(key)
        if group is None:
            group = self._begin(key, sighting)
        group.add(sighting)
        return ended

    def take_ended(self, now: float) -> list[Group]:
        """Groups of a minute that is over at `now` (unix seconds)."""
        minute = int(now) // MINUTE_SECONDS
        if minute == self._minute:
            return []
        self._minute = minute
        return self.take_all()

    def take_all(self) -> list[Group]:
        groups, self._groups = self._groups, {}
        return list(groups.values())

    def _begin(self, key: Hashable, sighting: Sighting) -> Group:
        if len(self._groups) >= self._most_groups:
            key, sighting = None, _of_nobody(sighting)
        group = self._groups.get(key)
        if group is None:
            first = sighting._replace(body=None)
            if first.principal is None:
                first = first._replace(address=address_prefix(first.address))
            group = self._groups[key] = Group(first)
        return group


def key_of(sighting: Sighting) -> Hashable:
    """Requests with one key are recorded together: of an account and session, else of an address as limits count it."""
    principal = sighting.principal
    if principal is None:
        return address_prefix(sighting.address), sighting.subject
    return principal.tenant_id, principal.user_id, principal.session_id


def _of_nobody(sighting: Sighting) -> Sighting:
    return sighting._replace(address=ELSEWHERE, user_agent=b"", principal=None, subject=None)
