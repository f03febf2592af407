"""HTTP for comments: on what is in a project, and on what is outside of all."""

from uuid import UUID

from project_service.comments.errors import CommentNotFound
from project_service.comments.schemas import CommentQuery, CommentsAboutQuery, CommentView, CreateComment, PatchComment
from project_service.comments.service import CommentService
from project_service.files.errors import FileNotFound
from project_service.gifting.gifts.errors import GiftNotFound
from project_service.gifting.items.errors import ListItemNotFound
from project_service.gifting.lists.errors import ListNotFound
from project_service.gifting.occasions.errors import OccasionNotFound
from project_service.gifting.persons.errors import PersonNotFound
from project_service.projects.errors import ProjectNotFound
from project_service.projects.routes import PROJECT
from project_service.tasks.errors import TaskNotFound
from shared.errors import Forbidden, LimitReached, PreconditionFailed
from shared.http.answers import Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

COMMENTS = PROJECT + "/comments"
COMMENT = COMMENTS + "/{comment_id}"
STAR = COMMENT + "/star"
_NOT_FOUND = [ProjectNotFound, CommentNotFound]
_WRITE_ERRORS = [*_NOT_FOUND, Forbidden, PreconditionFailed]

ELSEWHERE = "/api/v1/comments"
ELSEWHERE_ONE = ELSEWHERE + "/{comment_id}"
_NOTHING_THERE = [
    ListNotFound,
    ListItemNotFound,
    GiftNotFound,
    OccasionNotFound,
    PersonNotFound,
    # of things in projects, whose comments are not here
    ProjectNotFound,
    TaskNotFound,
    FileNotFound,
]
_ELSEWHERE_ERRORS = [CommentNotFound, Forbidden, PreconditionFailed]

routes = Routes("comments", resource="comments")


@routes.get(COMMENTS, summary="List the comments in a project", errors=[ProjectNotFound])
async def list_comments(
    principal: Principal, comments: CommentService, project_id: UUID, query: CommentQuery
) -> PageOf[CommentView]:
    return await comments.find(principal, project_id, query)


@routes.post(COMMENTS, summary="Comment on something in a project", errors=[ProjectNotFound, Forbidden, LimitReached])
async def add_comment(
    principal: Principal, comments: CommentService, project_id: UUID, body: CreateComment
) -> Created[CommentView]:
    return Created(await comments.add(principal, project_id, body))


@routes.put(COMMENT, summary="Edit your comment (the same as PATCH)", errors=_WRITE_ERRORS)
@routes.patch(COMMENT, summary="Edit your comment", errors=_WRITE_ERRORS)
async def edit_comment(
    principal: Principal,
    comments: CommentService,
    project_id: UUID,
    comment_id: UUID,
    body: PatchComment,
    if_match: IfMatch,
) -> CommentView:
    return await comments.edit(principal, project_id, comment_id, body, if_match)


@routes.delete(COMMENT, summary="Delete a comment", errors=_WRITE_ERRORS)
async def remove_comment(
    principal: Principal, comments: CommentService, project_id: UUID, comment_id: UUID, if_match: IfMatch
) -> None:
    await comments.remove(principal, project_id, comment_id, if_match)


@routes.post(STAR, summary="Star a comment", errors=_NOT_FOUND)
async def star_comment(principal: Principal, comments: CommentService, project_id: UUID, comment_id: UUID) -> None:
    await comments.star(principal, project_id, comment_id)


@routes.delete(STAR, summary="Take your star from a comment", errors=_NOT_FOUND)
async def unstar_comment(principal: Principal, comments: CommentService, project_id: UUID, comment_id: UUID) -> None:
    await comments.unstar(principal, project_id, comment_id)


@routes.get(ELSEWHERE, summary="List the comments about something outside of projects", errors=_NOTHING_THERE)
async def list_comments_about(
    principal: Principal, comments: CommentService, query: CommentsAboutQuery
) -> PageOf[CommentView]:
    return await comments.find_about(principal, query)


@routes.post(ELSEWHERE, summary="Comment on something outside of projects", errors=[Forbidden, LimitReached])
async def add_comment_about(
    principal: Principal, comments: CommentService, body: CreateComment
) -> Created[CommentView]:
    return Created(await comments.add(principal, None, body))


@routes.put(ELSEWHERE_ONE, summary="Edit your comment there (the same as PATCH)", errors=_ELSEWHERE_ERRORS)
@routes.patch(ELSEWHERE_ONE, summary="Edit your comment there", errors=_ELSEWHERE_ERRORS)
async def edit_comment_about(
    principal: Principal, comments: CommentService, comment_id: UUID, body: PatchComment, if_match: IfMatch
) -> CommentView:
    return await comments.edit(principal, None, comment_id, body, if_match)


@routes.delete(ELSEWHERE_ONE, summary="Delete a comment there", errors=_ELSEWHERE_ERRORS)
async def remove_comment_about(
    principal: Principal, comments: CommentService, comment_id: UUID, if_match: IfMatch
) -> None:
    await comments.remove(principal, None, comment_id, if_match)
