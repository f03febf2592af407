"""HTTP for support: the frequent questions, for everybody, and asking one's own."""

from conversation_service.support.schemas import Answered, Article, AskQuestion, FaqQuery
from conversation_service.support.service import SupportService
from shared.errors import LimitReached
from shared.http.answers import Created
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

FAQ = "/api/v1/support/faq"
QUESTION = "/api/v1/support/question"

routes = Routes("support")


@routes.get(FAQ, summary="List or search the frequent questions with their answers", public=True)
async def list_faq(support: SupportService, query: FaqQuery) -> PageOf[Article]:
    return support.find(query)


@routes.post(
    QUESTION,
    summary="Ask support a question; every question is stored as a ticket",
    errors=[LimitReached, TierLimitExceeded],
)
async def ask_support(principal: Principal, support: SupportService, body: AskQuestion) -> Created[Answered]:
    return Created(await support.ask(principal, body))
