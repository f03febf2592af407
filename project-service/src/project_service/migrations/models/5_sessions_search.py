"""Workspace sessions, and what search looks into: see ADR 10."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import CURRENT_TENANT, tenant_policy

RUN_IN_TRANSACTION = True

# `state` is kept as it was written: nothing in it is ever looked for.
SESSIONS = f"""
create table workspace_sessions (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    project_id uuid,
    conversation_id uuid,
    parent_session_id uuid references workspace_sessions (id) on delete set null,
    name text not null constraint workspace_session_name_length check (length(name) between 1 and 200),
    workspace_path text not null,
    tags text[] not null,
    state json not null,
    last_accessed_at timestamptz not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint workspace_session_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete set null (project_id)
);
create index workspace_sessions_by_access on workspace_sessions (user_id, last_accessed_at, id);
create index workspace_sessions_by_creation on workspace_sessions (user_id, created_at, id);
create index workspace_sessions_by_update on workspace_sessions (user_id, updated_at, id);
create index workspace_sessions_by_parent on workspace_sessions (parent_session_id)
    where parent_session_id is not null;
create index workspace_sessions_by_project on workspace_sessions (project_id) where project_id is not null;
{tenant_policy("workspace_sessions")}
"""

# Words are compared folded and without ASCII punctuation, so that a text and a query are cut alike, addresses and
# compounds included. Which collation folds more than ASCII depends on the server: the first that there is.
WORDS = r"""
do $choice$
declare
    folding text := coalesce((
        select quote_ident(collname) from pg_collation
        where collname in ('pg_c_utf8', 'und-x-icu', 'C.utf8') and collencoding in (-1, pg_char_to_encoding('UTF8'))
        order by array_position(array['pg_c_utf8', 'und-x-icu', 'C.utf8']::name[], collname) limit 1
    ), '"default"');
begin
    execute format($create$
        create function search_folded(given text) returns text language sql immutable return lower(
            translate(normalize(given, nfkc), '!"#$%%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)) collate %s
        )
    $create$, folding);
end $choice$;

create function search_weights(title text, body text) returns tsvector language sql immutable return
    setweight(to_tsvector('simple', search_folded(title)), 'A')
    || setweight(to_tsvector('english', search_folded(title)), 'A')
    || setweight(to_tsvector('simple', search_folded(coalesce(body, ''))), 'C')
    || setweight(to_tsvector('english', search_folded(coalesce(body, ''))), 'C');

create function search_key_prefix(tenant uuid) returns text language sql immutable return
    encode(uuid_send(tenant), 'hex') || ' ';
"""

# `keys` are the project, and the words with their tenant in front, which makes the index as good as the tenant's own. A word of
# more than 100 bytes is not looked for by anybody. `facet` is the status of a task, the kind of thing of a comment.
DOCUMENTS = f"""
create table search_documents (
    id uuid primary key,
    tenant_id uuid not null,
    kind text not null,
    project_id uuid not null,
    facet text,
    keys tsvector not null,
    weights tsvector not null
);
create index search_documents_by_key on search_documents using gin (keys) with (gin_pending_list_limit = 256);
create index search_documents_by_age on search_documents (tenant_id, id);
{tenant_policy("search_documents")}
create policy search on search_documents to current_user using (true) with check (true);
"""

# Which words there are, under every spelling that leaves out at most one letter. Nothing is unique here: writers of
# the same new word would wait for each other. Rows stay when a word is gone, and then lead nowhere.
SPELLINGS = f"""
create table search_spellings (
    tenant_id uuid not null,
    spelling text collate "C" not null,
    word text collate "C" not null
);
create index search_spellings_by_spelling on search_spellings (tenant_id, spelling, word);
{tenant_policy("search_spellings")}
create policy search on search_spellings to current_user using (true) with check (true);

create function search_spelled(word text) returns setof text language sql immutable
begin atomic
    select word
    union
    select left(word, n - 1) || substr(word, n + 1) from generate_series(1, length(word)) n
    where length(word) between 4 and 24;
end;
"""

# The triggers run in the transaction of the write, as whoever writes; what a cascade takes away, as the tables' owner.
TRIGGERS = """
create function search_put(
    document uuid, tenant uuid, of_kind text, project uuid, of_facet text, title text, body text
) returns void language plpgsql as $$
declare
    weighted tsvector := search_weights(title, body);
    keyed tsvector := array_to_tsvector(project::text || array(
        select search_key_prefix(tenant) || lexeme from unnest(tsvector_to_array(weighted)) lexeme
        where octet_length(lexeme) <= 100
    ));
begin
    insert into search_documents (id, tenant_id, kind, project_id, facet, keys, weights)
    values (document, tenant, of_kind, project, of_facet, keyed, weighted)
    on conflict (id) do update set keys = excluded.keys, weights = excluded.weights;
    insert into search_spellings (tenant_id, spelling, word)
    select tenant, spelling, lexeme
    from unnest(to_tsvector('simple', search_folded(concat_ws(' ', title, body)))), search_spelled(lexeme) spelling
    where length(lexeme) between 4 and 24 and lexeme !~ '[0-9]' and not exists (
        select from search_spellings known
        where known.tenant_id = tenant and known.spelling = lexeme and known.word = lexeme
    );
end $$;

create function search_drop() returns trigger language plpgsql as $$
begin
    delete from search_documents where tenant_id = old.tenant_id and id = old.id;
    return null;
end $$;

create function search_put_project() returns trigger language plpgsql as $$
begin
    perform search_put(new.id, new.tenant_id, 'project', new.id, null, new.name, new.description);
    return null;
end $$;
create trigger search_added after insert on projects for each row execute function search_put_project();
create trigger search_changed after update of name, description on projects for each row
    when ((old.name, old.description) is distinct from (new.name, new.description))
    execute function search_put_project();
create trigger search_removed after delete on projects for each row execute function search_drop();

create function search_put_task() returns trigger language plpgsql as $$
begin
    perform search_put(new.id, new.tenant_id, 'task', new.project_id, new.status, new.title, new.description);
    return null;
end $$;
create function search_mark_task() returns trigger language plpgsql as $$
begin
    update search_documents set facet = new.status where tenant_id = new.tenant_id and id = new.id;
    return null;
end $$;
create trigger search_added after insert on tasks for each row execute function search_put_task();
create trigger search_changed after update of title, description on tasks for each row
    when ((old.title, old.description) is distinct from (new.title, new.description))
    execute function search_put_task();
create trigger search_marked after update of status on tasks for each row
    when (old.status is distinct from new.status) execute function search_mark_task();
create trigger search_removed after delete on tasks for each row execute function search_drop();

create function search_put_comment() returns trigger language plpgsql as $$
begin
    perform search_put(new.id, new.tenant_id, 'comment', new.project_id, new.entity_type, '', new.body);
    return null;
end $$;
create trigger search_added after insert on comments for each row
    when (new.project_id is not null) execute function search_put_comment();
create trigger search_changed after update of body on comments for each row
    when (new.project_id is not null and old.body is distinct from new.body) execute function search_put_comment();
create trigger search_removed after delete on comments for each row
    when (old.project_id is not null) execute function search_drop();
"""

# Full text cannot be compared through an index where row-level security stands before it, because the comparison
# might leak. `search_find` therefore works in the name of the tables' owner, and finds the tenant in the setting that
# row-level security itself goes by. Which projects may be seen is its caller's to say.
# First it takes any matches from the index: few enough, and they are all. Only of too many does it walk to the newest,
# which is then hardly ever far. Left to itself, the planner would also walk for words that only others' projects are
# full of. Where the asker sees up to three projects, the index is asked for them, too; of more, it costs too much.
FINDING = f"""
create function search_query(q text, is_near boolean, prefix text, has_open_stems boolean) returns tsquery
language plpgsql stable as $$
begin
    return (with asked as (
        select lexeme, positions[1] = max(positions[1]) over () as is_last
        from unnest(to_tsvector('simple', search_folded(q)))
        where octet_length(lexeme) <= 100
    ), spelled as (
        select lexeme, lexeme as word, is_last as is_open from asked
        union all
        select lexeme, stem, has_open_stems from asked, unnest(ts_lexize('english_stem', lexeme)) stem
        union all
        select lexeme, near.word, false from asked, lateral (
            select distinct s.word from search_spellings s
            where is_near and length(lexeme) >= 4 and s.tenant_id = {CURRENT_TENANT}
              and s.spelling = any(array(select search_spelled(lexeme)))
            order by s.word limit 50
        ) near
    ), distinct_words as (  -- ts_rank takes the open and the closed form of a word for the same
        select lexeme, quote_literal(prefix || word) || case when bool_or(is_open) then ':*' else '' end as word
        from spelled group by lexeme, word
    ), terms as (
        select '(' || string_agg(word, '|') || ')' as term from distinct_words group by lexeme
    )
    select string_agg(term, '&')::tsquery from terms);
end $$;

create function search_some(keyed tsquery, tenant uuid, projects uuid[], kinds text[], of_facet text, most int)
returns setof search_documents language sql stable set enable_seqscan = off set enable_indexscan = off as $$
    select * from search_documents
    where tenant_id = tenant and keys @@ keyed and project_id = any(projects) and kind = any(kinds)
      and (of_facet is null or facet = of_facet)
    limit most
$$;

create function search_find(q text, is_near boolean, projects uuid[], kinds text[], of_facet text, most int)
returns table (id uuid, kind text, project_id uuid, rank float8)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    tenant uuid := {CURRENT_TENANT};
    plain tsquery := search_query(q, is_near, '', false);
    keyed tsquery := search_query(q, is_near, search_key_prefix(tenant), false);
    few tsquery := case when cardinality(projects) between 1 and 3 then (
        select string_agg(quote_literal(project), '|')::tsquery from unnest(projects) project
    ) end;
    found search_documents[] := array(
        select d from search_some(coalesce(keyed && few, keyed), tenant, projects, kinds, of_facet, most + 1) d
    );
begin
    if cardinality(found) > most then
        execute $newest$
            select array(
                select d from search_documents d
                where tenant_id = $1 and keys @@ $2 and project_id = any($3) and kind = any($4)
                  and ($5 is null or facet = $5)
                order by id desc limit $6
            )
        $newest$ into found using tenant, keyed, projects, kinds, of_facet, most;
    end if;
    return query select d.id, d.kind, d.project_id, ts_rank(d.weights, plain)::float8 from unnest(found) d;
end $$;
"""

# The owner of a table under forced row-level security sees no row of it.
WHAT_THERE_IS = """
alter table projects no force row level security;
alter table tasks no force row level security;
alter table comments no force row level security;
select search_put(id, tenant_id, 'project', id, null, name, description) from projects;
select search_put(id, tenant_id, 'task', project_id, status, title, description) from tasks;
select search_put(id, tenant_id, 'comment', project_id, entity_type, '', body) from comments
where project_id is not null;
alter table projects force row level security;
alter table tasks force row level security;
alter table comments force row level security;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return SESSIONS + WORDS + DOCUMENTS + SPELLINGS + TRIGGERS + FINDING + WHAT_THERE_IS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        drop trigger search_added on projects;
        drop trigger search_changed on projects;
        drop trigger search_removed on projects;
        drop trigger search_added on tasks;
        drop trigger search_changed on tasks;
        drop trigger search_marked on tasks;
        drop trigger search_removed on tasks;
        drop trigger search_added on comments;
        drop trigger search_changed on comments;
        drop trigger search_removed on comments;
        drop function search_find, search_some, search_query, search_put_comment, search_mark_task, search_put_task,
            search_put_project, search_drop, search_put, search_spelled, search_key_prefix, search_weights,
            search_folded;
        drop table search_spellings, search_documents, workspace_sessions;
    """


MODELS_STATE = (
    "eJztXW1z2zYS/isYfak7o/MkzmtzNzcjOU7r1i8ZW05fMhkGIiEJZ4pQCciOmva/H0BSFE"
    "lREQ0SIkXvh2ZqkgK4z4KLZxeLxdfOzGf/I7Y47BGf2pPOG/S1g4dc+NgW8o8Rdjnpog6e"
    "zeRfy4c78soQ27f32Hes0a01osR1uHzg46fkHXbEMrccLHDi0teOzTzVF/UED7qe4i+WS7"
    "yxUG/y9MmTf9SPhpbN3PnUU2+gXiS85pARnrvqJTuWdXE5sK5PBpYV3Qz6sMRiRsJ21VMf"
    "elfHP/WuDmSz36vHmJTRJerORXTrKLwXdBq37s1dN7jAbZ/OBGVe4iKz5etTb7y6tOpZtX"
    "w8wf47dUV1OCYe8bEgTgJY6jnkS+qKh6ckIalqFg+D91w+MVuICfPiPuQbqAfnHv1zHj8m"
    "ZdiC7tGLF2vo3hGfKwFLIiyb3ohwcK8ZCCekrRDlNVDlfUE8oQvqz9eXF+r2lPM/3SSWB+"
    "e937IwH59d9tWlGeNi7AetBA30q4RcNagJeQKL7ZA71Bbob+RSLnKg//SQ98/aqPAN4z+n"
    "R9PMA1Ps4XEgQtTEUoKMvVTwr5m5WdRdoMPsRzhWzfzr6OnzV89fP3v5/LV8PgAhvvJqbQ"
    "RRR3fwnF4MqtT8qSdyFS/8eVrv0YUlaKEA2zVOvbSmVTPq9UX0sw6OUQ+fsQQbEzEhfgC9"
    "ejTWjxDYnkzlYDsjI8Hugkd2OrfhuWCWx+6TXUWXLOwkv45tFoRTzya6Q2Bwen5yPeidv0"
    "8Zkbe9wYm6cxRcXWSuHrzMGJa4EfTr6eAnpP5Ef1xenGRtTfzc4I8qx91bOc4EnRJNqxPj"
    "V8DmRD0dLv+n4NQaftU/HB09e/bq6Mmzl69fPH/16sXrJ/HnvX5r/Tvn9C9tNfdPf1Qfe0"
    "prFX/9fTreZACK6OCvgirIGoHiM62cWrAnLH1zGUyrz8LBnxzWNzenb6tEUrWniWNKxu1g"
    "zufUOQxev8gM2ul5iA2VGURiggXyGMKxHUU+GUnGhAR7g5hH5H+ICo7u8QJRr4uYH1y9nz"
    "BOkr+iHI3ljcNOBhjTfZmY89fnlAfP/xVO7g8YrZ3/jOaerbSMghGh/nn+384uBrAmFcgf"
    "uOuEIFaJ9GxCnfAi9KDvsuH+EgLB5vaEOBbW9iqAFWRANE0NHkT4yxCBHVH+Zsz4JX3rfu"
    "Quxx+AdK37pxe9q99j5zr+Cs4uL37s57jX/d8HJ71qaZaH/UWlDnZkgzOwDxeCcE3gb8lM"
    "WMNFi4lWQsKtSH6LZRVBk0/w0YuX2rb85LfBtyNEqUG8fDwbNqoQ9gH5om01YihMxuTAUy"
    "jtKaDI1Eg2Lr1rNCM+Cns8RL/IT2d5m6MJviPoc/Q5ff43YoqQKS5PJfNnaEhCsk9kK05A"
    "7cOL/F7+Isdr2F2/BjyIgHaCz1CvzzCUStjkJHxMGKDVB/Qp5Tscs6lyODp76z7YPlHQg/"
    "tQxn1Ig1id+1CdmolDQcsltZzCcCsP3L2O5zMHPuWySk6D2KhIgBp/vLpQwBNtiPXjALEI"
    "FQYCdKAsmdywDubTGsB8UM6CflxFWqMJ89vtH6VkLOcfFYF0yBztcEmrPPwlECb9e0nPqV"
    "i0e/ymZDQ/fqPuguZgGK/hYXI0Uy6xdol6M03k+5eXZynk+6dZaG/O+ydXB08DNciHJO3N"
    "n/WW0mkGtxlzCfY0MU8DsR3yoexNE3Pl4UvRJCucc6JmCW0Wpr65j5+qHLU938e6CwT5cm"
    "2HckMWXhEoZ9gnbQ+2pmQ0vl4QxZZaDmlKSOOYwpJAySWBnabfLmOwXYil1xpLt0M9FMq5"
    "iXR24tA9jp37ZOZiGyJu5SJuGRSNhdzAC6/TC4+MQ7vn1LSQ5v1w4CllUxd+VenGGEWKQx"
    "xTBw3JiPkEcTYl6stA4boPojkZCA//uTn+E8ylwIEawYGseKGjIBG6FniPNyVBEkEFPMhU"
    "EgHMzDAzN31mLgJpFKNsMaAJCdsQkAnmNCAkzSAkXCpjc6Jj2jwux2E61fEdDVoEigIUpb"
    "l5jpADV4GaG5wDB7vhIAmujiQ4F3vjuWQ9EC/OgLF1LVY/ZDzDYgJ4J4AwGZ9XfVi3BBZE"
    "smAYBf1R524YihPABlrYQNvkWFfNwZnAje9CVKbWqMxIKqHQ8pDS1vFE8q2dh17AWdvorO"
    "UT3f3y1WpCc0fumvq+2j0hJSQ0T6nA++3u3Ptl2sWtW4U2q7ryNYQZag0zgMdbvXkGj/fb"
    "Hm/Vphkc3orSLiM2iBzqqIpLqo6rMkIb8yy/9bwhVzlyvrqatd1LVoHWH2L11oDeWRH4gA"
    "bbgY42ZzcsJ7a0XV66IutZDgOf7KO7HWLB5vo1MJtRJCQtR9sWSetA1IzXXY2JE0xg1zJf"
    "7l4f91K17tPimYx5ACspy0ouvbCGZGTcw1r0E6zKRzooCNnKGWhCkEfuCRdLNvIdl2JOh8"
    "TvIuwpXiIVztcpTNWNG+I7wdz3YLZTr5/XnGWCajy/fJYjpGYKrRm8j7gJ5Go+5iS+5udq"
    "RuVbQM1l1JwGcWvQAzJy91LLDc7IhSzS4hQd+/aE3j360l1JGLbDXaJwV1I4XePTpuh4Bg"
    "+DIfKgR4B8BYTJRTV277V9a2RSRPMLahBKqRzSO8rpkMr5CDLM1+HQNQ41p5K+X4UQIJu0"
    "xmzSSB8PCQ71JA53avTtbZCI2fbc98GxLOdYZlA05lmuu0K2aH1R+YSIW6l22fk1XAN3lh"
    "9biTm2OfWJ12XaPj5L1CaGQvGVj0ooFJ8L/xIPyLQsOZx3nWkJjmH1kIJtiHAvaRRyEho+"
    "U+czojzIKyB30vh8l5OYsOkhcw5j7Hx0wXFsguNo4YRCCjqQ7/Ad88PVhT11ICHLoFPef6"
    "yraCWwG2A3+8BuoGjlvtRFyM5rwE2awU1GkUK+sb0jZSbzi1dG2j0nKpcWOAtwlkZnRkLO"
    "XAVqhpy5IiA3PmcOmL4BWuozF4JuSSBMRuLBrQK36uGzV7vcqoh4d8GpaoRTNQ3UUYlLNc"
    "DjDvhTj5lo13dwkct8YDFJJCCjvx0Z/eD0wPJG3Ty8GcRR0Qtgjc1gjQKPC+WYXwtpucfk"
    "hu88O8BIhRpJfw2X4aqpNs1SMN3wXU7GUX8hCEdshLDrolsyE0iqRKhT4YOLKLRP60lID/"
    "idAVuTGLDlbc0up5nmmJxKJp41y8NDxVhzTooYngHmt7s2OeCMPgpntMKyJ3IEg4rLlDyJ"
    "Adzq7sLS7V5quMFLt1gIbE+Cw1JbUGozT5oKF3NhbdxwPRnO6dgjLT/qIiPlVqNfeitlRC"
    "GG2qUK9gDUtJDmg29QiidDYnZWikcOQFoG9reXN/2zE/T+6uT49Pr08iJNQIKb6tKq2NTV"
    "Se+sSpTfuQxrn2mREH77IB+pnrRD9lTlqUJ5kywYsE5S0lTv/DgRgcW8VAmB1ozjFRSQIF"
    "ZuEO96VzEVkOFIUkjojuCa1wGDmG4XVgBrXQEUUgmFlv6UtnpxUKEDsfjHHMZrfiweorUV"
    "qLnB0VoIJm6Ds2RuhPlze0qN7FLpEdWf/Ayhxl1w/1v5KkD9E0CY9F2nxKE4bAcgz8IB6d"
    "iQjr03Znrn6djSVWw3ogkJIbt9D4OIc98FE7vCQXM2a0D8MBGR6kIksfZIorVKOyocVDwO"
    "0pPasJ2gVNpY031mE1lkQMdg1RdWffdyEJs9r/kXtU9ouFDbg3w6HhP/EA0mBPnsPtg1xN"
    "SJy9Fpy+rw5FCtCPsECYaGBGHHIQ6az94gTkhQ/3hKx1I42fz6DiXTnRmiPsdLg/ww1lPN"
    "VKc/tuud5yIKVJoTZae4fDYUzJmFidAZHhJ310QIFlYbteIGC6uPQs2wsFoE5KYtrOY4fF"
    "CnBurUtHJhRPVh3RJIes+CAatRy/b2JPwB3vg+FQdaOUJdiOfXH893lSo2V5NMGsbEd50u"
    "JzkIBue+F+jH3GIjcHm0XZ4YP2PezprKHMpnLl5YQByXW1MzgBgk62SKKayxp5AwjTbQ9S"
    "TiOXy9atQpD8/X08+Tvrw8S6HeP83CenPeP7k6eBqoYLURu+qAOWMuwZ4m3CkYtlv3oexM"
    "H/BpXG78UQO+gsEo4MGHNMGeA1suSQ4ehoNdgHwmBLMT5OEElc0nqFSNNZz2USZLQmUpSJ"
    "aDqBdkHSjnd4g5UUc+H8QRoS6KXuH7LrqfUHuCBswXjMrnbOx5TCCOF+tJERW3bSJSlAwr"
    "dKG4q1bMyExx16jVbWeRpDrPP4rkQ7SQt7dhI8iK6JSPHe3oHBKtqpEq+UtXtRV7FSWqRS"
    "6lqHC1XAdNh7hEtADPhBw1IzqiLqm6nmlNoKZFqRnXKINn70FNyFEzopUnHtWEaJOLOggm"
    "sGu1ubRDWkKTyV+SEE5Yy73XlIzmUzWgvsNO6ztwLj1swDuNhcFoF6R3QXrXI0/v+rAiR5"
    "DcVWNyV0RSi54TvOS06eDcr8y/5TNsk2tpPiFKB1G6pu9dcjEXFrZtOVxB2eWUnQdlE1UO"
    "29UqUDZsVysCctNCRjnb1TzVU7Azvd2EOUfSrX5dWUcEsox3WbcP++poMx4Sz3YP5lxZjQ"
    "/nxx2sMIOpKh2ibSN+vo5OaNpoI7LmIIO7aqBSG6Ea1AQ+RqIAmaC2QH8jl3LdeW95urmu"
    "Zf74qUrUer6PF7qBoEiS7aiVgQsiapXXm4Q8xyrhvF8GnqwZFhMgXbmQ6NKvmiPEa0HFLo"
    "SKaw0Vr0ZWxEA3F7T65/9cE9it"
)
