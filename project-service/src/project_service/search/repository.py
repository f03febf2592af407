"""The query of search. What is found is kept by triggers, in the transaction of each write: see ADR 10."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Sequence
from typing import Any, NamedTuple

from project_service.listing import Arguments, SortKey, page_of, window
from project_service.projects.repository import visible_ids
from project_service.search.schemas import Hit, Kind, SearchQuery
from project_service.search.snippets import CONTROLS, HEADLINE, PUNCTUATION, STAND_INS, as_html
from shared.db.unit_of_work import Work
from shared.pagination import PageOf
from shared.principal import Principal

SHOWN_FROM = 10_000
"""Characters at the beginning of a text that snippets are taken from."""

_SORT = "-rank"
_SORT_KEYS = {"rank": SortKey("rank", float)}


class Within(NamedTuple):
    """What is looked through. Of everything that matches, the newest `most_ranked` are ranked, whatever there is."""

    kinds: Sequence[Kind]
    facet: str | None
    most_ranked: int


class Found(NamedTuple):
    """One page, and how many were ranked for it."""

    page: PageOf[Hit]
    ranked: int


async def find_page(work: Work, principal: Principal, query: SearchQuery, within: Within, *, is_near: bool) -> Found:
    """`is_near` also finds words that become one of the query's when each leaves out a letter."""
    arguments = Arguments([query.q, is_near, within.kinds, within.facet, within.most_ranked, SHOWN_FROM])
    arguments.extend([CONTROLS, PUNCTUATION, STAND_INS, HEADLINE])
    projects = visible_ids(principal, arguments, query.project_id)
    page = window(query, _SORT, _SORT_KEYS, "f", arguments)
    rows = await work.rows(
        f"""
        with found as materialized (select * from search_find($1, $2, array({projects}), $3, $4, $5)),
             marks as materialized (select search_query($1, $2, '', true) as query)
        select total.ranked, shown.* from (select count(*) as ranked from found) total left join (
            {_SHOWN.format(page=f"select *, f.rank as sort_key from found f where true {page.condition} {page.order}")}
        ) shown on true
        order by shown.rank desc, shown.id desc
        """,
        *arguments,
    )
    ranked: int = rows[0]["ranked"]
    hits = [row for row in rows if row["id"] is not None]
    total = ranked if query.include_total and ranked < within.most_ranked else None
    return Found(page_of(query, _SORT, hits, [_hit(row) for row in hits], total), ranked)


def _hit(row: dict[str, Any]) -> Hit:
    return Hit(
        type=Kind(row["kind"]),
        id=row["id"],
        project_id=row["project_id"],
        title=row["title"],
        snippet=as_html(row["headline"]),
        rank=row["rank"],
    )


_SHOWN = """
    select page.*, texts.title, ts_headline(
        'simple', translate(translate(left(texts.shown, $6), $7, ''), $8, $9), (select query from marks), $10
    ) as headline
    from ({page}) page
    join projects p on p.id = page.project_id
    left join tasks t on page.kind = 'task' and t.id = page.id
    left join comments c on page.kind = 'comment' and c.id = page.id
    left join tasks about on c.entity_type = 'task' and about.id = c.entity_id
    cross join lateral (select * from (values
        ('project', p.name, concat_ws(' - ', p.name, p.description)),
        ('task', t.title, concat_ws(' - ', t.title, t.description)),
        ('comment', coalesce(about.title, p.name), c.body)
    ) as each (kind, title, shown) where each.kind = page.kind) texts
"""
