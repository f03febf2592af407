"""What each caller gets from each operation of gift planning: rows of `test_gifting_isolation`."""

from typing import Any, NamedTuple

API = "/api/v1"
PERSON = API + "/persons/{person_id}"
OCCASION = API + "/occasions/{occasion_id}"
LIST = API + "/lists/{list_id}"
ITEM = API + "/list-items/{list_item_id}"
GIFT = API + "/gifts/{gift_id}"
COMMENT = API + "/comments/{comment_id}"
ABOUT = "?entity_type=list&entity_id={list_id}"


class Row(NamedTuple):
    """A viewer of the tenant; the member for whom the list is; another developer; the developer who made it all."""

    viewer: int
    subject: int
    colleague: int
    maker: int
    body: Any = None
    query: str = ""


PLANNING = {
    ("GET", API + "/persons"): Row(200, 200, 200, 200),
    ("POST", API + "/persons"): Row(403, 201, 201, 201, {"name": "Dora"}),
    ("GET", PERSON): Row(200, 200, 200, 200),
    ("PATCH", PERSON): Row(403, 200, 403, 200, {"notes": "likes tea"}),
    ("PUT", PERSON): Row(403, 200, 403, 200, {"notes": "likes tea"}),
    ("DELETE", PERSON): Row(403, 403, 403, 409),
    ("GET", PERSON + "/history"): Row(200, 200, 200, 200),
    ("GET", API + "/occasions"): Row(200, 200, 200, 200),
    ("POST", API + "/occasions"): Row(403, 201, 201, 201, {"name": "Party", "date": "2030-01-01"}),
    ("GET", OCCASION): Row(200, 200, 200, 200),
    ("PATCH", OCCASION): Row(403, 403, 403, 200, {"name": "Feast"}),
    ("PUT", OCCASION): Row(403, 403, 403, 200, {"name": "Feast"}),
    ("DELETE", OCCASION): Row(403, 403, 403, 204),
    ("GET", OCCASION + "/summary"): Row(200, 200, 200, 200),
    ("GET", API + "/lists"): Row(200, 200, 200, 200),
    ("POST", API + "/lists"): Row(403, 201, 201, 201, {"name": "Ideas"}),
    ("GET", LIST): Row(200, 200, 200, 200),
    ("PATCH", LIST): Row(403, 403, 403, 200, {"name": "More wishes"}),
    ("PUT", LIST): Row(403, 403, 403, 200, {"name": "More wishes"}),
    ("DELETE", LIST): Row(403, 403, 403, 204),
    ("GET", LIST + "/items"): Row(200, 200, 200, 200),
    ("POST", LIST + "/items"): Row(403, 201, 201, 201, {"name": "A kite"}),
    ("GET", ITEM): Row(200, 404, 200, 200),
    ("PATCH", ITEM): Row(403, 404, 403, 200, {"notes": "blue"}),
    ("PUT", ITEM): Row(403, 404, 403, 200, {"notes": "blue"}),
    ("DELETE", ITEM): Row(403, 404, 403, 204),
    ("PUT", ITEM + "/status"): Row(403, 404, 200, 409, {"status": "selected"}),
    ("PUT", ITEM + "/assign"): Row(403, 404, 200, 200, {"user_id": None}),
    ("GET", API + "/gifts"): Row(200, 200, 200, 200),
    ("POST", API + "/gifts"): Row(403, 201, 201, 201, {"name": "Drum"}),
    ("GET", API + "/gifts/search"): Row(200, 200, 200, 200, query="?q=a"),
    ("POST", API + "/gifts/preview-url"): Row(200, 200, 200, 200, {"url": "http://127.0.0.1/"}),
    ("GET", GIFT): Row(200, 404, 200, 200),
    ("PATCH", GIFT): Row(403, 404, 403, 200, {"notes": "blue"}),
    ("PUT", GIFT): Row(403, 404, 403, 200, {"notes": "blue"}),
    ("DELETE", GIFT): Row(403, 404, 403, 204),
    ("GET", API + "/dashboard"): Row(200, 200, 200, 200),
    ("GET", API + "/comments"): Row(200, 200, 200, 200, query=ABOUT),
    ("POST", API + "/comments"): Row(
        403, 201, 201, 201, {"entity_type": "list", "entity_id": "{list_id}", "body": "Lovely"}
    ),
    ("PATCH", COMMENT): Row(403, 404, 403, 200, {"body": "?"}),
    ("PUT", COMMENT): Row(403, 404, 403, 200, {"body": "?"}),
    ("DELETE", COMMENT): Row(403, 404, 403, 204),
}
