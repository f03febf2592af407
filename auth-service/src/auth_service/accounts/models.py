"""The table of users, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class User(Model):
    id = fields.UUIDField(primary_key=True)
    email = fields.CharField(254)
    email_identity = fields.CharField(254, unique=True)
    password_hash = fields.TextField()
    password_changed_at = fields.DatetimeField()
    first_name = fields.TextField()
    last_name = fields.TextField()
    display_name = fields.TextField(null=True)
    avatar_url = fields.TextField(null=True)
    preferences: fields.Field[dict[str, object]] = fields.JSONField(default=dict)
    is_active = fields.BooleanField(default=True)
    email_verified = fields.BooleanField(default=False)
    email_verified_at = fields.DatetimeField(null=True)
    is_platform_admin = fields.BooleanField(default=False)
    last_login_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    anonymised_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "users"
