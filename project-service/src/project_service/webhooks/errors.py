"""What can go wrong with webhooks."""

from shared.errors import Conflict, NotFound


class WebhookNotFound(NotFound):
    code = "WEBHOOK_NOT_FOUND"
    message = "There is no such webhook."


class DeliveryNotFound(NotFound):
    code = "WEBHOOK_DELIVERY_NOT_FOUND"
    message = "There is no such delivery of this webhook; they are kept for 7 days."


class TooManyWebhooks(Conflict):
    code = "TOO_MANY_WEBHOOKS"
    message = "The tenant has all the webhooks it can have."
