"""HTTP for webhooks and their deliveries."""

from uuid import UUID

from project_service.webhooks.deliveries import DeliveryService
from project_service.webhooks.errors import DeliveryNotFound, TooManyWebhooks, WebhookNotFound
from project_service.webhooks.schemas import (
    CreateWebhook,
    DeliveryQuery,
    DeliveryView,
    PatchWebhook,
    WebhookQuery,
    WebhookView,
    WebhookWithSecret,
)
from project_service.webhooks.service import WebhookService
from shared.errors import Forbidden, PreconditionFailed
from shared.http.answers import Accepted, Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

WEBHOOKS = "/api/v1/webhooks"
WEBHOOK = WEBHOOKS + "/{webhook_id}"
DELIVERIES = WEBHOOK + "/deliveries"
_CHANGE_ERRORS = [Forbidden, WebhookNotFound, PreconditionFailed]

routes = Routes("webhooks", resource="webhooks")


@routes.get(WEBHOOKS, summary="List the webhooks you may manage")
async def list_webhooks(principal: Principal, webhooks: WebhookService, query: WebhookQuery) -> PageOf[WebhookView]:
    return await webhooks.find(principal, query)


@routes.post(
    WEBHOOKS,
    summary="Create a webhook; its secret is shown this once",
    errors=[Forbidden, TooManyWebhooks],
    confidential=True,
    location=WEBHOOK,
)
async def add_webhook(
    principal: Principal, webhooks: WebhookService, body: CreateWebhook
) -> Created[WebhookWithSecret]:
    return Created(await webhooks.add(principal, body))


@routes.get(WEBHOOK, summary="Read a webhook", errors=[WebhookNotFound])
async def get_webhook(principal: Principal, webhooks: WebhookService, webhook_id: UUID) -> WebhookView:
    return await webhooks.get(principal, webhook_id)


@routes.put(WEBHOOK, summary="Change a webhook (the same as PATCH)", errors=_CHANGE_ERRORS)
@routes.patch(WEBHOOK, summary="Change a webhook, or make it active again", errors=_CHANGE_ERRORS)
async def change_webhook(
    principal: Principal, webhooks: WebhookService, webhook_id: UUID, body: PatchWebhook, if_match: IfMatch
) -> WebhookView:
    return await webhooks.change(principal, webhook_id, body, if_match)


@routes.delete(
    WEBHOOK, summary="Delete a webhook with all that waits for it", errors=[WebhookNotFound, PreconditionFailed]
)
async def remove_webhook(principal: Principal, webhooks: WebhookService, webhook_id: UUID, if_match: IfMatch) -> None:
    await webhooks.remove(principal, webhook_id, if_match)


@routes.post(
    WEBHOOK + "/rotate-secret",
    summary="Make a new secret, shown this once; the old one signs beside it for 24 hours",
    errors=[WebhookNotFound, Forbidden],
    confidential=True,
)
async def rotate_secret(principal: Principal, webhooks: WebhookService, webhook_id: UUID) -> WebhookWithSecret:
    return await webhooks.rotate_secret(principal, webhook_id)


@routes.post(WEBHOOK + "/test", summary="Deliver a test at once", errors=[WebhookNotFound, Forbidden])
async def test_webhook(principal: Principal, deliveries: DeliveryService, webhook_id: UUID) -> Accepted[DeliveryView]:
    return Accepted(await deliveries.test(principal, webhook_id))


@routes.get(
    DELIVERIES,
    summary="List what was delivered in the last 7 days, newest first",
    errors=[WebhookNotFound, Forbidden],
)
async def list_deliveries(
    principal: Principal, deliveries: DeliveryService, webhook_id: UUID, query: DeliveryQuery
) -> PageOf[DeliveryView]:
    return await deliveries.find(principal, webhook_id, query)


@routes.post(
    DELIVERIES + "/{delivery_id}/redeliver",
    summary="Deliver once more, now, under the same id",
    errors=[WebhookNotFound, Forbidden, DeliveryNotFound],
)
async def redeliver(
    principal: Principal, deliveries: DeliveryService, webhook_id: UUID, delivery_id: UUID
) -> Accepted[DeliveryView]:
    return Accepted(await deliveries.redeliver(principal, webhook_id, delivery_id))
