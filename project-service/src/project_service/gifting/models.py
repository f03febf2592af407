"""The tables of gift planning, as migrations compare them; queries are SQL in the repositories."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class GiftPerson(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    name = fields.TextField()
    relationship = fields.TextField(null=True)
    birthday = fields.DateField(null=True)
    notes = fields.TextField(null=True)
    user_id = fields.UUIDField(null=True)
    link_id = fields.UUIDField(null=True)
    former_user_id = fields.UUIDField(null=True)
    sizes = fields.JSONField[dict[str, str]]()
    created_by = fields.UUIDField()
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "gift_persons"


class GiftOccasion(Model):
    """`year_day` is generated: month and day as one number, by which what recurs yearly is found."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    name = fields.TextField()
    date = fields.DateField()
    kind = fields.TextField()
    recurrence = fields.TextField()
    timezone = fields.TextField()
    person_ids = ArrayField("uuid")
    budget = fields.BigIntField(null=True)
    currency = fields.TextField()
    created_by = fields.UUIDField()
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "gift_occasions"


class GiftList(Model):
    """`visible_since` is when it was shown to the whole tenant later on."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    name = fields.TextField()
    type = fields.TextField()
    person_id = fields.UUIDField(null=True)
    occasion_id = fields.UUIDField(null=True)
    visibility = fields.TextField()
    reveal_at = fields.DatetimeField(null=True)
    visible_since = fields.DatetimeField(null=True)
    created_by = fields.UUIDField()
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "gift_lists"


class Gift(Model):
    """`taken_back_by` are members who wished for it on a list that keeps secrets from them, and do no more."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    name = fields.TextField(null=True)
    url = fields.TextField(null=True)
    price = fields.BigIntField(null=True)
    currency = fields.TextField(null=True)
    image_url = fields.TextField(null=True)
    notes = fields.TextField(null=True)
    tags = ArrayField("text")
    metadata_status = fields.TextField(null=True)
    taken_back_by = ArrayField("uuid", default=list)
    created_by = fields.UUIDField()
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "gifts"


class ListItem(Model):
    """The public version and time leave out what is kept from the one whom the list is for."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    list_id = fields.UUIDField()
    gift_id = fields.UUIDField(null=True)
    name = fields.TextField(null=True)
    status = fields.TextField()
    assigned_to = fields.UUIDField(null=True)
    quantity = fields.IntField()
    shares = fields.JSONField[list[dict[str, object]]]()
    added_by = fields.UUIDField()
    notes = fields.TextField(null=True)
    moved_at = fields.DatetimeField()
    public_version = fields.IntField(default=1)
    public_updated_at = fields.DatetimeField()
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "list_items"


class GiftActivity(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    actor_id = fields.UUIDField(null=True)
    type = fields.TextField()
    entity_id = fields.UUIDField()
    only_for = fields.UUIDField(null=True)
    hidden_from = ArrayField("uuid")
    occurred_at = fields.DatetimeField()

    class Meta:
        table = "gift_activity"
