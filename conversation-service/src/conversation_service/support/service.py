"""The use cases of support."""

from conversation_service.storage.allotments import Room, StorageAllotments
from conversation_service.support import repository
from conversation_service.support.assistant import Assistant
from conversation_service.support.faq import Faq
from conversation_service.support.schemas import Answered, Article, AskQuestion, FaqQuery, Source
from shared.clock import Clock
from shared.db.databases import Database
from shared.pagination import PageOf, decode_cursor, encode_cursor
from shared.principal import Principal


class SupportService:
    def __init__(
        self, database: Database, faq: Faq, assistant: Assistant, storage: StorageAllotments, clock: Clock
    ) -> None:
        self._database = database
        self._storage = storage
        self._faq = faq
        self._assistant = assistant
        self._clock = clock

    def find(self, query: FaqQuery) -> PageOf[Article]:
        found = self._faq.articles if query.q is None else self._faq.search(query.q)
        first = query.offset if query.cursor is None else max(decode_cursor(query.cursor, tuple[int])[0], 0)
        behind = first + query.size
        return PageOf(
            items=found[first:behind],
            total=len(found) if query.include_total else None,
            page=query.page,
            page_size=query.size,
            next_cursor=encode_cursor(behind) if behind < len(found) else None,
        )

    async def ask(self, principal: Principal, asked: AskQuestion) -> Answered:
        """Answered by an article, else by the language model, else by nobody yet; a ticket in any case.

        Raises TierLimitExceeded.
        """
        article = self._faq.answer_to(asked.question)
        answer = article.answer if article else await self._assistant.answer_to(principal, asked.question)
        source = Source.FAQ if article else Source.AI if answer else Source.NONE
        article_id = article.id if article else None

        async def keep(room: Room) -> Answered:
            async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
                now = self._clock.now()
                ticket_id = await repository.add(work, principal, asked.question, answer, source, article_id, now)
                await room.require(work)
                answered = Answered(ticket_id=ticket_id, answer=answer, source=source, article_id=article_id)
                return work.answer(answered)

        return await self._storage.write(principal, keep)
