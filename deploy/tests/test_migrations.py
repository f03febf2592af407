"""The migrations of every service describe the models as they are."""

import pytest

from shared.db.models_state import current_state, newest_migration, recorded_state


@pytest.mark.parametrize("service", ["auth", "project", "conversation"])
async def test_the_newest_migration_describes_the_models(service: str) -> None:
    assert await current_state(service) == recorded_state(service), (
        f"write the change into a migration, then: python -m shared.db.models_state --update {service}"
        f" (the newest one is {newest_migration(service).name})"
    )
