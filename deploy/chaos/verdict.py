"""What a chaos run counts, and whether all of it is nought."""

from collections import Counter
from typing import NamedTuple

from deploy.chaos.load import Seen


class Verdict(NamedTuple):
    acknowledged: int
    lost_writes: int
    double_writes: int
    lost_events: int
    double_events: int
    broken_order: int
    not_recovered: int

    @property
    def is_clean(self) -> bool:
        return not any(self[1:])

    def lines(self) -> list[str]:
        return [f"  {name.replace('_', ' '):<16} {value}" for name, value in self._asdict().items()]


def judge(seen: Seen, stored: dict[str, list[str]]) -> Verdict:
    """`stored`: ids of the tasks in the database by title."""
    heard = Counter(entity_id for ids in seen.heard.values() for entity_id in ids)
    first_answers = len(seen.heard)
    return Verdict(
        acknowledged=len(seen.acknowledged),
        lost_writes=sum(task_id not in stored.get(title, ()) for title, task_id in seen.acknowledged.items()),
        double_writes=sum(len(ids) - 1 for ids in stored.values()),
        lost_events=sum(heard[task_id] == 0 for task_id in seen.acknowledged.values()),
        double_events=sum(count - 1 for count in heard.values()),
        broken_order=len(seen.broken),
        not_recovered=sum(not answer.recovered for answer in seen.recoveries[first_answers:]),
    )
