"""Every change in gift planning is told live: the same bytes to whoever may know, and to the person what they may."""

import json
from typing import Any

import pytest

from deploy.e2e.gift_frames import CHANGES, RECORDED, Change, Household
from project_service.comments.routes import ELSEWHERE, routes as comment_routes
from project_service.gifting.parts import ROUTES

CHANGES_NOTHING = {"POST /gifts/preview-url"}


@pytest.fixture(scope="session")
def recorded() -> dict[str, Any]:
    frames: dict[str, Any] = json.loads(RECORDED.read_text())
    return frames


def test_every_change_that_there_is_has_its_frames(recorded: dict[str, Any]) -> None:
    operations = [each for group in ROUTES for each in group.operations]
    operations += [each for each in comment_routes.operations if each.path.startswith(ELSEWHERE)]
    changing = {f"{each.method} {each.path.removeprefix('/api/v1')}" for each in operations if each.method != "GET"}

    assert {change.operation for change in CHANGES} == changing - CHANGES_NOTHING
    assert list(recorded) == [change.name for change in CHANGES]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("change", CHANGES, ids=[change.name for change in CHANGES])
async def test_a_change_is_told_as_recorded(
    gift_household: Household, recorded: dict[str, Any], change: Change
) -> None:
    heard = await gift_household.hear(change)

    assert heard.ben == heard.cleo
    assert heard.recorded == recorded[change.name]
