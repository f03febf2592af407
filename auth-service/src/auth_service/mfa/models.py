"""The tables of second factors, as migrations compare them; queries are SQL in the repositories."""

from tortoise import fields
from tortoise.models import Model


class MfaEnrolment(Model):
    """The secret is sealed under KEY_ENCRYPTION_SECRET. Without `confirmed_at` it asks nobody for anything."""

    user_id = fields.UUIDField(primary_key=True)
    sealed_secret = fields.BinaryField()
    confirmed_at = fields.DatetimeField(null=True)
    last_used_step = fields.BigIntField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "mfa_enrolments"


class MfaRecoveryCode(Model):
    """The key in the database is (user_id, digest), which Tortoise cannot say."""

    user_id = fields.UUIDField(primary_key=True)
    digest = fields.BinaryField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "mfa_recovery_codes"
        unique_together = (("user_id", "digest"),)


class MfaChallenge(Model):
    """Somebody has shown the right password and owes a code."""

    id = fields.UUIDField(primary_key=True)
    digest = fields.BinaryField()
    user_id = fields.UUIDField(db_index=True)
    tenant_id = fields.UUIDField(null=True)
    password_changed_at = fields.DatetimeField()
    wants_cookie = fields.BooleanField(default=False)
    attempts = fields.IntField(default=0)
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "mfa_challenges"
