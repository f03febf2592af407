"""How many there may be of what an account makes for itself. Quotas of tiers are in `shared.quotas`."""

from shared.limits import Limit

API_KEYS = Limit("API keys of a user", 50, "api_keys where tenant_id = $1 and user_id = $2 and revoked_at is null")
