"""The use cases of chats and of taking part in them, each one transaction."""

from datetime import datetime
from functools import partial
from uuid import UUID

from conversation_service.chat_messages import repository as messages
from conversation_service.chats import participants, project_viewers as viewers, repository
from conversation_service.chats.access import ChatAccess
from conversation_service.chats.domain import differences, direct_key, others_in, owns, require_group, require_owner
from conversation_service.chats.errors import ChatParticipantExists
from conversation_service.chats.project_chats import ProjectChats
from conversation_service.chats.schemas import (
    MAX_PARTICIPANTS,
    AddParticipant,
    ChatQuery,
    ChatRole,
    ChatView,
    CreateChat,
    ParticipantQuery,
    ParticipantView,
    PatchChat,
)
from conversation_service.chats.telling import see_off, tell, tell_deleted, tell_edited, tell_joined, tell_left, welcome
from conversation_service.storage.allotments import Room, StorageAllotments
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, Forbidden, ValidationFailed
from shared.events.chats import ChatAdded, ChatKind, ChatState, ChatUpdated
from shared.events.questions import ChatsOfUser, ChatsOfUserAnswer
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.members import repository as members
from shared.pagination import PageOf
from shared.principal import Principal


class ChatService:
    def __init__(
        self,
        database: Database,
        access: ChatAccess,
        project_chats: ProjectChats,
        storage: StorageAllotments,
        clock: Clock,
    ) -> None:
        self._database = database
        self._storage = storage
        self._access = access
        self._project_chats = project_chats
        self._clock = clock

    async def find(self, principal: Principal, query: ChatQuery) -> PageOf[ChatView]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal, query)

    async def answer(self, question: ChatsOfUser) -> ChatsOfUserAnswer:
        async with self._database.unit_of_work(question.principal.tenant_id) as work:
            return ChatsOfUserAnswer(await repository.latest_ids(work, question.principal, question.limit))

    async def get(self, principal: Principal, chat_id: UUID) -> ChatView:
        async with self._access.entering(principal, chat_id) as work:
            return await repository.get(work, principal, chat_id)

    async def add(self, principal: Principal, new: CreateChat) -> ChatView:
        """Raises ChatExists, ValidationFailed, TierLimitExceeded."""
        others = others_in(new, principal.user_id)
        if new.project_id is not None:
            return await self._add_to_project(principal, new.project_id, new)
        return await self._storage.write(principal, partial(self._add, principal, others, new))

    async def _add(self, principal: Principal, others: list[UUID], new: CreateChat, room: Room) -> ChatView:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await _require_members(work, principal.tenant_id, others, "participant_ids")
            is_direct = new.kind is ChatKind.DIRECT
            key = direct_key(principal.user_id, others[0]) if is_direct else None
            now = self._clock.now()
            chat_id = await repository.add(work, principal, new.kind, new.title, now, direct_key=key)
            role = ChatRole.OWNER if is_direct else ChatRole.MEMBER
            await self._begin(work, principal, chat_id, others, role)
            await room.require(work)
            return work.answer(await repository.get(work, principal, chat_id))

    async def change(self, principal: Principal, chat_id: UUID, patch: PatchChat, if_match: IfMatch) -> ChatView:
        """Raises ChatNotFound, Forbidden, PreconditionFailed, TierLimitExceeded."""
        return await self._storage.write(principal, partial(self._change, principal, chat_id, patch, if_match))

    async def _change(
        self, principal: Principal, chat_id: UUID, patch: PatchChat, if_match: IfMatch, room: Room
    ) -> ChatView:
        async with self._access.entering(principal, chat_id) as work:
            before = await repository.lock(work, principal, chat_id)
            require_owner(before, principal)
            refuse_stale(if_match, before)
            changed = differences(before, changes(patch))
            if not changed:
                return before
            await repository.update(work, principal.tenant_id, chat_id, changed, self._clock.now())
            await room.require(work)
            state = await repository.get_state(work, principal.tenant_id, chat_id)
            event = ChatUpdated(entity_id=chat_id, version=state.version, changed_fields=tuple(changed), payload=state)
            tell(work, chat_id, event)
            return await repository.get(work, principal, chat_id)

    async def remove(self, principal: Principal, chat_id: UUID, if_match: IfMatch) -> None:
        """Raises ChatNotFound, Forbidden, PreconditionFailed."""
        async with self._access.entering(principal, chat_id) as work:
            chat = await repository.lock(work, principal, chat_id)
            require_owner(chat, principal)
            refuse_stale(if_match, chat)
            await repository.remove(work, principal.tenant_id, chat_id)
            tell_deleted(work, chat)
            tell_left(work, chat_id, chat.participant_ids)

    async def participants(
        self, principal: Principal, chat_id: UUID, query: ParticipantQuery
    ) -> PageOf[ParticipantView]:
        async with self._access.entering(principal, chat_id) as work:
            return await participants.find_page(work, principal.tenant_id, chat_id, query)

    async def add_participant(self, principal: Principal, chat_id: UUID, new: AddParticipant) -> ParticipantView:
        """The chat gets a message about it, which takes room.

        Raises ChatNotFound, Forbidden, ChatParticipantsFixed, ChatParticipantExists, ValidationFailed,
        TierLimitExceeded.
        """
        return await self._storage.write(principal, partial(self._add_participant, principal, chat_id, new))

    async def _add_participant(
        self, principal: Principal, chat_id: UUID, new: AddParticipant, room: Room
    ) -> ParticipantView:
        async with self._access.entering(principal, chat_id) as work:
            chat = await repository.lock(work, principal, chat_id)
            require_group(chat)
            require_owner(chat, principal)
            await _require_members(work, principal.tenant_id, [new.user_id], "user_id")
            if new.user_id in chat.participant_ids:
                raise ChatParticipantExists
            if len(chat.participant_ids) > MAX_PARTICIPANTS:
                raise ValidationFailed([FieldError("user_id", "too_many", "There is no more room in this chat.")])
            now = self._clock.now()
            await participants.join(work, principal.tenant_id, chat_id, [new.user_id], ChatRole.MEMBER, now)
            await welcome(work, principal.tenant_id, chat_id, [new.user_id], now)
            await room.require(work)
            return work.answer(await participants.get(work, principal.tenant_id, chat_id, new.user_id))

    async def remove_participant(self, principal: Principal, chat_id: UUID, user_id: UUID) -> None:
        """Everybody may leave a group, also when the storage is full.

        Raises ChatNotFound, ChatParticipantNotFound, ChatParticipantsFixed.
        """
        async with self._access.entering(principal, chat_id) as work:
            chat = await repository.lock(work, principal, chat_id)
            require_group(chat)
            if user_id != principal.user_id and not owns(chat, principal):
                raise Forbidden
            await participants.leave(work, principal.tenant_id, chat_id, user_id)
            await self._carry_on(work, principal.tenant_id, chat, user_id)

    async def leave_groups(self, work: Work, tenant_id: UUID, user_id: UUID, until: datetime, at_most: int) -> int:
        """Of somebody who has left the tenant, groups and project chats that they had joined by then.

        Returns how many; there may be more. Direct chats stay: who comes back finds them.
        """
        await viewers.lock(work, user_id)
        left = await participants.lock_groups(work, tenant_id, user_id, until, at_most)
        await participants.leave_all(work, tenant_id, left, user_id)
        for chat_id in left:
            chat = await repository.get_state(work, tenant_id, chat_id)
            await self._carry_on(work, tenant_id, chat, user_id)
        return len(left)

    async def forget_name(self, work: Work, tenant_id: UUID, user_id: UUID, until: datetime, at_most: int) -> int:
        """What the server said until then of somebody who has left names them no more.

        Returns how many messages that were; there may be more.
        """
        naming = await messages.find_naming(work, tenant_id, user_id, until, at_most)
        await repository.lock_all(work, tenant_id, sorted({each.chat_id for each in naming}))
        for message in await messages.forget_name(work, tenant_id, [each.id for each in naming], self._clock.now()):
            tell_edited(work, message, "content")
        return len(naming)

    async def _add_to_project(self, principal: Principal, project_id: UUID, new: CreateChat) -> ChatView:
        team, as_of = await self._project_chats.team_of(principal, project_id)
        begin = partial(self._begin_in_project, principal, project_id, new, team, as_of)
        return await self._storage.write(principal, begin)

    async def _begin_in_project(
        self, principal: Principal, project_id: UUID, new: CreateChat, team: list[UUID], as_of: datetime, room: Room
    ) -> ChatView:
        tenant_id = principal.tenant_id
        async with self._database.unit_of_work(tenant_id, actor_id=principal.user_id) as work:
            await viewers.lock(work, principal.user_id)
            await viewers.lock(work, project_id)
            await viewers.admit(work, tenant_id, project_id, team, is_on_team=True, as_of=as_of)
            guests = {principal.user_id} - set(team)
            await viewers.admit(work, tenant_id, project_id, guests, is_on_team=False, as_of=as_of)
            others = [who for who in await viewers.known(work, tenant_id, project_id) if who != principal.user_id]
            now = self._clock.now()
            chat_id = await repository.add(work, principal, new.kind, new.title, now, project_id=project_id)
            await self._begin(work, principal, chat_id, others, ChatRole.MEMBER)
            await room.require(work)
            return work.answer(await repository.get(work, principal, chat_id))

    async def _begin(self, work: Work, principal: Principal, chat_id: UUID, others: list[UUID], role: ChatRole) -> None:
        now = self._clock.now()
        await participants.join(work, principal.tenant_id, chat_id, [principal.user_id], ChatRole.OWNER, now)
        await participants.join(work, principal.tenant_id, chat_id, others, role, now)
        chat = await repository.get_state(work, principal.tenant_id, chat_id)
        tell(work, chat_id, ChatAdded(entity_id=chat_id, version=chat.version, payload=chat))
        tell_joined(work, chat_id, [principal.user_id, *others])

    async def _carry_on(self, work: Work, tenant_id: UUID, chat: ChatState, user_id: UUID) -> None:
        """Without somebody who has just left; a chat that nobody is left in ends."""
        if await participants.keep_owned(work, tenant_id, chat.id):
            await see_off(work, tenant_id, chat.id, [user_id], self._clock.now())
        elif chat.kind is ChatKind.GROUP:
            await repository.remove(work, tenant_id, chat.id)
            tell_deleted(work, chat)
            tell_left(work, chat.id, [user_id])


async def _require_members(work: Work, tenant_id: UUID, user_ids: list[UUID], field: str) -> None:
    """Raises ValidationFailed: whoever is no active member of the tenant does not exist here."""
    known = await members.known(work, tenant_id, user_ids)
    if any(user_id not in known for user_id in user_ids):
        raise ValidationFailed([FieldError(field, "not_found", "Name members of your tenant.")])
