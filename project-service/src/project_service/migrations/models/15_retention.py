"""What retention needs: how long versions are kept, and words that are gone."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True

# `tier` is the tenant's when files were last written: unknown until then, and then the longest time counts.
VERSIONS = """
alter table file_trees
    add column first_version int not null default 1,
    add column tier text,
    add column tier_since timestamptz;
"""

# As `search_find`, it works in the name of the tables' owner, because row-level security keeps full text from its
# index. A word that is written again at this very moment may lose its near spellings until it is written once more.
WORDS = """
create function search_forget_words(after_tenant uuid, after_word text, most int)
returns table (tenant_id uuid, word text, deleted bigint)
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    with looked_at as materialized (
        select s.tenant_id, s.word from search_spellings s
        where (s.tenant_id, s.spelling) > (after_tenant, after_word) and s.spelling = s.word
        order by s.tenant_id, s.spelling limit most
    ), gone as (
        select distinct l.tenant_id, l.word from looked_at l where not exists (
            select from search_documents d
            where d.keys @@ quote_literal(search_key_prefix(l.tenant_id) || l.word)::tsquery
        )
    ), deleted as (
        delete from search_spellings s using gone g, search_spelled(g.word) spelled
        where s.tenant_id = g.tenant_id and s.spelling = spelled and s.word = g.word returning s.word
    )
    select l.tenant_id, l.word, (select count(*) from deleted) from looked_at l
    order by l.tenant_id desc, l.word desc limit 1
$$;
do $grants$
begin
    revoke execute on function search_forget_words from public;
    execute format('grant execute on function search_forget_words to %I',
                   regexp_replace(current_user, '_owner$', '') || '_system');
end $grants$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return VERSIONS + WORDS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        drop function search_forget_words;
        alter table file_trees drop column tier_since, drop column tier, drop column first_version;
    """
