"""The pure rules of gift planning: when an occasion is next, how an item moves, who shares it."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from project_service.gifting.items.domain import claimed, moved, released
from project_service.gifting.items.errors import ListItemClaimed, ListItemInvalidTransition
from project_service.gifting.occasions.domain import next_date, today_in
from shared.events.gifting import ItemStatus, ListItemState, Recurrence, Share
from shared.ids import new_id

BEN, CLEO = new_id(), new_id()
days = st.dates(date(1900, 1, 1), date(2200, 12, 31))


@given(days, days)
def test_what_recurs_is_within_a_year(first: date, today: date) -> None:
    following = next_date(first, Recurrence.YEARLY, today)

    assert following is not None
    assert following >= today
    assert following == first or (following - today).days <= 366
    assert (following.month, following.day) in {(first.month, first.day), (2, 28)}


def test_a_leap_day_is_the_28th_in_other_years() -> None:
    leap = date(2024, 2, 29)

    assert next_date(leap, Recurrence.YEARLY, date(2026, 1, 1)) == date(2026, 2, 28)
    assert next_date(leap, Recurrence.YEARLY, date(2026, 3, 1)) == date(2027, 2, 28)
    assert next_date(leap, Recurrence.YEARLY, date(2027, 3, 1)) == date(2028, 2, 29)
    assert next_date(leap, Recurrence.NONE, date(2026, 1, 1)) is None


def test_a_day_begins_where_the_occasion_is() -> None:
    now = datetime(2026, 1, 1, 11, 30, tzinfo=UTC)

    assert today_in("Pacific/Auckland", now) == date(2026, 1, 2)
    assert today_in("America/Los_Angeles", now) == date(2026, 1, 1)


@pytest.mark.parametrize("start", ItemStatus)
@pytest.mark.parametrize("to", ItemStatus)
@pytest.mark.parametrize("who", ["claimer", "admin", "other"])
def test_one_step_forward_for_all_and_back_for_some(start: ItemStatus, to: ItemStatus, who: str) -> None:
    order = list(ItemStatus)
    distance = order.index(to) - order.index(start)
    is_allowed = distance == 1 or (distance == 0 and who == "claimer") or (distance < 0 and who != "other")
    mover = BEN if who == "claimer" else CLEO
    claims = item(start, Share(user_id=BEN, share=100))

    if is_allowed:
        assert moved(claims, to, mover, is_admin=who == "admin") == ({"status": to} if distance else {})
    else:
        with pytest.raises(ListItemInvalidTransition):
            moved(claims, to, mover, is_admin=who == "admin")


@given(st.lists(st.tuples(st.sampled_from([new_id() for _ in range(4)]), st.none() | st.integers(1, 100)), max_size=12))
def test_shares_never_add_up_to_more_than_the_whole(claims: list[tuple[UUID, int | None]]) -> None:
    state = item(ItemStatus.IDEA)
    for user_id, share in claims:
        try:
            changed = claimed(state, user_id, share)
        except ListItemClaimed:
            changed = released(state, user_id, is_admin=True)
        state = item(ItemStatus.IDEA, *changed.get("shares", state.shares))
        assert sum(taken.share for taken in state.shares) <= 100
        assert len({taken.user_id for taken in state.shares}) == len(state.shares)


def item(status: ItemStatus, *shares: Share) -> ListItemState:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return ListItemState(
        id=new_id(),
        tenant_id=new_id(),
        list_id=new_id(),
        gift_id=None,
        name="A kite",
        status=status,
        assigned_to=shares[0].user_id if shares else None,
        quantity=1,
        shares=shares,
        added_by=new_id(),
        notes=None,
        version=1,
        created_at=now,
        updated_at=now,
    )
