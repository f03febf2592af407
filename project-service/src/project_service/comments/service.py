"""The use cases of comments, each one transaction. Whoever sees a thing sees what is said about it."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from project_service.comments import repository
from project_service.comments.domain import emptied, handles_in, require_author, require_remover, unambiguous
from project_service.comments.entities import EntityKinds, Place
from project_service.comments.errors import CommentNotFound
from project_service.comments.schemas import CommentQuery, CommentsAboutQuery, CommentView, CreateComment, PatchComment
from project_service.members import repository as members
from project_service.projects import repository as projects
from project_service.projects.access import require_commenter
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed, catalogue
from shared.events.projects import (
    CommentAdded,
    CommentDeleted,
    Commented,
    CommentState,
    CommentUpdated,
    ProjectRole,
    RemovedComment,
)
from shared.http.conditions import IfMatch, refuse_stale
from shared.pagination import PageOf
from shared.principal import Principal


class CommentService:
    """`project_id` is the path's, and a comment elsewhere is not found there; None means outside of all projects."""

    def __init__(self, database: Database, clock: Clock, kinds: EntityKinds) -> None:
        self._database = database
        self._clock = clock
        self._kinds = kinds

    async def find(self, principal: Principal, project_id: UUID, query: CommentQuery) -> PageOf[CommentView]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.VIEWER)
            return await repository.find_page(work, principal, query, project_id=project_id)

    async def find_about(self, principal: Principal, query: CommentsAboutQuery) -> PageOf[CommentView]:
        """Outside of projects. Raises the NotFound of such a thing where it is not there, whatever the reason."""
        async with self._database.unit_of_work(principal.tenant_id) as work:
            place = await self._find_place(work, principal, None, query.entity_type, query.entity_id)
            if place is None:
                raise catalogue()[f"{query.entity_type.upper()}_NOT_FOUND"]
            return await repository.find_page(work, principal, query, hears_others=place.hears_others)

    async def add(self, principal: Principal, project_id: UUID | None, new: CreateComment) -> CommentView:
        """Raises ProjectNotFound, Forbidden, ValidationFailed, LimitReached."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await _require_visible(work, principal, project_id)
            place = await self._place_of(work, principal, project_id, new)
            require_commenter(principal, place.role)
            mentioned = await self._mentioned(work, principal, new.entity_type, new.entity_id, new.body)
            comment = await repository.add(work, principal, project_id, new, mentioned, self._clock.now())
            added = CommentAdded(
                entity_id=comment.id,
                version=comment.version,
                newly_mentioned=tuple(mentioned),
                replied_to=await self._replied_to(work, principal, new, mentioned),
                payload=_state(comment),
            )
            await self._kinds[comment.entity_type].tell(work, comment, added)
            return work.answer(comment)

    async def edit(
        self, principal: Principal, project_id: UUID | None, comment_id: UUID, patch: PatchComment, if_match: IfMatch
    ) -> CommentView:
        """Raises ProjectNotFound, CommentNotFound, Forbidden, PreconditionFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before, place = await self._lock(work, principal, project_id, comment_id)
            require_author(before, principal.user_id)
            require_commenter(principal, place.role)
            refuse_stale(if_match, before)
            if patch.body in (msgspec.UNSET, before.body):
                return before
            mentioned = await self._mentioned(work, principal, before.entity_type, before.entity_id, patch.body)
            after = await repository.edit(work, before, patch.body, mentioned, self._clock.now())
            await self._kinds[after.entity_type].tell(work, after, _update(before, after))
            return after

    async def remove(self, principal: Principal, project_id: UUID | None, comment_id: UUID, if_match: IfMatch) -> None:
        """Raises ProjectNotFound, CommentNotFound, Forbidden, PreconditionFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            comment, place = await self._lock(work, principal, project_id, comment_id)
            require_remover(comment, principal.user_id, place.role)
            refuse_stale(if_match, comment)
            now = self._clock.now()
            has_replies = await repository.remove(work, comment, now)
            gone = RemovedComment(
                id=comment.id,
                project_id=comment.project_id,
                entity_type=comment.entity_type,
                entity_id=comment.entity_id,
                has_replies=has_replies,
                place=emptied(_state(comment), now) if has_replies else None,
            )
            deleted = CommentDeleted(entity_id=comment.id, version=comment.version + 1, payload=gone)
            await self._kinds[comment.entity_type].tell(work, comment, deleted)

    async def star(self, principal: Principal, project_id: UUID | None, comment_id: UUID) -> None:
        """One's own mark: nobody else is told of it, and a second time changes nothing."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await self._lock(work, principal, project_id, comment_id)
            await repository.star(work, principal, comment_id, self._clock.now())
            work.answer(None)

    async def unstar(self, principal: Principal, project_id: UUID | None, comment_id: UUID) -> None:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await self._lock(work, principal, project_id, comment_id)
            await repository.unstar(work, principal, comment_id)

    async def can_see(self, work: Work, principal: Principal, entity_type: str, entity_id: UUID) -> bool:
        """Whether they may follow what is said about a thing."""
        kind = next((kind for name, kind in self._kinds.items() if name == entity_type), None)
        return kind is not None and await kind.find(work, principal, entity_id) is not None

    async def _place_of(self, work: Work, principal: Principal, project_id: UUID | None, new: CreateComment) -> Place:
        """Raises ValidationFailed for a thing or a comment that is not there, whatever the reason."""
        place = await self._find_place(work, principal, project_id, new.entity_type, new.entity_id)
        if place is None:
            raise ValidationFailed([FieldError("entity_id", "not_found", "There is no such thing here.")])
        if new.parent_id is not None:
            author = await repository.author_about(
                work, principal.tenant_id, new.parent_id, new.entity_type, new.entity_id
            )
            if author is None or not _hears(principal, place, author):
                raise ValidationFailed([FieldError("parent_id", "not_found", "There is no such comment about this.")])
        return place

    async def _find_place(
        self, work: Work, principal: Principal, project_id: UUID | None, entity_type: Commented, entity_id: UUID
    ) -> Place | None:
        """None for a thing that is not there, whatever the reason."""
        place = await self._kinds[entity_type].find(work, principal, entity_id)
        return place if place is not None and place.project_id == project_id else None

    async def _lock(
        self, work: Work, principal: Principal, project_id: UUID | None, comment_id: UUID
    ) -> tuple[CommentView, Place]:
        """Raises ProjectNotFound or CommentNotFound."""
        await _require_visible(work, principal, project_id)
        comment = await repository.lock(work, principal, comment_id)
        place = await self._kinds[comment.entity_type].find(work, principal, comment.entity_id)
        if place is None or comment.project_id != project_id or not _hears(principal, place, comment.author_id):
            raise CommentNotFound
        return comment, place

    async def _mentioned(
        self, work: Work, principal: Principal, entity_type: Commented, entity_id: UUID, body: str
    ) -> list[UUID]:
        """Those who may see the thing, but for the author, who knows."""
        handles = handles_in(body)
        if not handles:
            return []
        people = unambiguous(await members.find_by_handles(work, principal.tenant_id, handles), handles)
        readers = await self._kinds[entity_type].readers(work, principal.tenant_id, entity_id, people)
        return [reader.user_id for reader in readers if reader.user_id != principal.user_id]

    async def _replied_to(
        self, work: Work, principal: Principal, new: CreateComment, mentioned: Collection[UUID]
    ) -> UUID | None:
        """The author of the comment that this one answers, if it is news to them."""
        if new.parent_id is None:
            return None
        author_id = await repository.author_of(work, principal.tenant_id, new.parent_id)
        if author_id is None or author_id in (principal.user_id, *mentioned):
            return None
        people = await members.find_by_ids(work, principal.tenant_id, [author_id])
        readers = await self._kinds[new.entity_type].readers(work, principal.tenant_id, new.entity_id, people)
        return readers[0].user_id if readers else None


async def _require_visible(work: Work, principal: Principal, project_id: UUID | None) -> None:
    """Raises ProjectNotFound."""
    if project_id is not None:
        await projects.require(work, principal, project_id, ProjectRole.VIEWER)


def _hears(principal: Principal, place: Place, author_id: UUID) -> bool:
    return place.hears_others or author_id == principal.user_id


def _update(before: CommentView, after: CommentView) -> CommentUpdated:
    fields = ("body", "mentioned_user_ids") if before.mentioned_user_ids != after.mentioned_user_ids else ("body",)
    return CommentUpdated(
        entity_id=after.id,
        version=after.version,
        changed_fields=fields,
        newly_mentioned=_newly(before.mentioned_user_ids, after.mentioned_user_ids),
        payload=_state(after),
    )


def _newly(before: Collection[UUID], after: Collection[UUID]) -> tuple[UUID, ...]:
    return tuple(user_id for user_id in after if user_id not in before)


def _state(comment: CommentView) -> CommentState:
    """What all readers see alike, without what is only the caller's."""
    return msgspec.convert(comment, CommentState, from_attributes=True)
