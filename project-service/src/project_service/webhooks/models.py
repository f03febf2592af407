"""The tables of webhooks, as migrations compare them; queries are SQL in the repositories."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Webhook(Model):
    """The secrets are sealed. `creator_role` counts until the copy of the tenant's members knows the creator."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    project_id = fields.UUIDField(null=True)
    url = fields.TextField()
    events = ArrayField("text")
    active = fields.BooleanField()
    secret = fields.BinaryField()
    previous_secret = fields.BinaryField(null=True)
    previous_secret_until = fields.DatetimeField(null=True)
    paused_until = fields.DatetimeField(null=True)
    disabled_at = fields.DatetimeField(null=True)
    disabled_reason = fields.TextField(null=True)
    created_by = fields.UUIDField()
    creator_role = fields.TextField()
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "webhooks"


class WebhookBody(Model):
    """What is sent for an event, once for all webhooks; `size` in bytes."""

    event_id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    body = fields.TextField()
    size = fields.IntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "webhook_bodies"


class WebhookDelivery(Model):
    """`id` is the `webhook-id` of every attempt. Without a `body` it sends the one of its event.

    Of what was asked for on demand there is one attempt at a time.
    """

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    webhook_id = fields.UUIDField()
    event_id = fields.UUIDField(null=True)
    project_id = fields.UUIDField(null=True)
    type = fields.TextField()
    subject = fields.TextField()
    body = fields.TextField(null=True)
    occurred_at = fields.DatetimeField()
    status = fields.TextField()
    on_demand = fields.BooleanField(default=False)
    attempts = fields.IntField(default=0)
    attempted_at = fields.DatetimeField(null=True)
    duration_ms = fields.IntField(null=True)
    response_status = fields.IntField(null=True)
    response_body = fields.TextField(null=True)
    error = fields.TextField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "webhook_deliveries"
        unique_together = (("webhook_id", "event_id"),)
