"""What is held about a person here: what they plan to give. What others make of it stays the secret of those."""

from shared.held_data import table_section

SECTIONS = (
    table_section(
        "gift_persons",
        "gift_persons",
        "id, name, relationship, birthday, notes, sizes, created_at",
        whose="created_by",
    ),
    table_section(
        "gift_occasions",
        "gift_occasions",
        "id, name, date, kind, recurrence, timezone, person_ids, budget, currency, created_at",
        whose="created_by",
    ),
    table_section(
        "gift_lists",
        "gift_lists",
        "id, name, type, person_id, occasion_id, visibility, reveal_at, created_at",
        whose="created_by",
    ),
    table_section(
        "gifts",
        "gifts",
        "id, name, url, price, currency, image_url, notes, tags, created_at",
        whose="created_by",
    ),
    # No status, claims, version or time of change: they tell who gives what.
    table_section(
        "gift_list_items", "list_items", "id, list_id, gift_id, name, quantity, notes, created_at", whose="added_by"
    ),
)
