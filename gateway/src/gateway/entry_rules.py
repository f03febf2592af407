"""Which credential counts at which row of the table: where cookies may come from, how far the scopes of keys reach."""

from gateway.cors import Cors
from gateway.credentials import (
    ENGINE_IO_IN_QUERY,
    SESSION_IN_QUERY,
    Credential,
    Presented,
    carries_session_cookie,
    presented_credential,
)
from gateway.errors import OriginNotAllowed
from gateway.outgoing_head import asks_for_websocket
from gateway.request_head import SAFE_METHODS, RequestHead
from gateway.route_table import Access, LimitClass, Row
from shared.errors import AuthRequired, Forbidden
from shared.introspection import CredentialKind
from shared.principal import Principal
from shared.scopes import permits


def credential_for(head: RequestHead, row: Row, cors: Cors) -> Presented:
    """Raises AuthRequired, InvalidToken, AmbiguousCredentials or OriginNotAllowed."""
    if row.access is Access.PUBLIC:
        if row.acts_on_cookie and carries_session_cookie(head):
            _check_origin(head, row, cors)
        return Presented(None, head.target)
    presented = presented_credential(head, reads_query=row.credential_in_query)
    credential = presented.credential
    if row.access is Access.IF_GOOD and not _may_count(credential, head, cors):
        return Presented(None, head.target)
    if credential is None:
        if row.access is Access.USER:
            raise AuthRequired
    elif credential.kind is CredentialKind.SESSION_COOKIE:
        _check_origin(head, row, cors)
    return presented


def _may_count(credential: Credential | None, head: RequestHead, cors: Cors) -> bool:
    """Where nothing has to be shown: people only, and a cookie only from a page of ours."""
    if credential is None or credential.kind is CredentialKind.API_KEY:
        return False
    return credential.kind is not CredentialKind.SESSION_COOKIE or cors.is_allowed(head)


def check_scopes(principal: Principal, head: RequestHead, row: Row) -> None:
    """Raises Forbidden for an API key whose scopes do not reach so far."""
    scopes = principal.scopes
    if scopes is not None and not permits(scopes, row.resource_at(head.target.path), head.method):
        raise Forbidden("The scopes of this API key do not allow that.")


def hears_refusals_in_band(head: RequestHead, row: Row) -> bool:
    """Socket.IO has its own words for a refusal (`connect_error`) and shows its users no HTTP answer."""
    is_door = head.target.path.rstrip(b"/") == row.path.encode()
    return row.accepts_websocket and is_door and _has_in_query(head, ENGINE_IO_IN_QUERY)


def limit_class_of(head: RequestHead, row: Row) -> LimitClass:
    if row.limit_class is LimitClass.LIVE and _continues_session(head):
        return LimitClass.PUBLIC
    return row.limit_class_at(head.method, head.target.path)


def _continues_session(head: RequestHead) -> bool:
    """Long polling (Engine.IO) asks again and again within one live connection, and names it."""
    return not head.is_websocket and _has_in_query(head, SESSION_IN_QUERY)


def _has_in_query(head: RequestHead, beginning: bytes) -> bool:
    return any(part.startswith(beginning) for part in (head.target.query or b"").split(b"&"))


def _check_origin(head: RequestHead, row: Row, cors: Cors) -> None:
    """Browsers send the cookie along with whatever page asks; what changes something has to come from our pages."""
    is_harmless = head.method in SAFE_METHODS and not asks_for_websocket(head, row)
    if not is_harmless and not cors.is_allowed(head):
        raise OriginNotAllowed
