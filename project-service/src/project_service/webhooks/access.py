"""Who may do more with a webhook than see that it is there, and delete it."""

from project_service.gifting.streams import audience_of
from project_service.webhooks.schemas import WebhookView
from shared.db.unit_of_work import Work
from shared.errors import Forbidden
from shared.principal import Principal


async def require_confidant(work: Work, principal: Principal, webhook: WebhookView) -> None:
    """Of those who manage it. A webhook of the tenant is told what its maker may know of the gifts that are planned:
    not what is read, or led elsewhere, by somebody else for whom there are any. Raises Forbidden.
    """
    if webhook.project_id is not None or webhook.created_by == principal.user_id:
        return
    if await audience_of(work, principal.tenant_id, principal.user_id) is not None:
        raise Forbidden("Somebody else made this webhook, and it may be told of gifts that are planned for you.")
