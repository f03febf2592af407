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
    "eJztXWtz2zYW/SsYfWk6o3oSJ2my3Z2dkRyndevYGVtpm2YyNERCEtcUoRKQXfXx3xcgKY"
    "qkqIgGAZKi74c+TFIAcS54ce4DF3/1FgH9H7H50YAErj3rfYf+6uEx4wG2ufhjgj1G+qiH"
    "Fwvx1/rhnrgyxvbtPQ4ca3JrTVziOUw88Olz+g49prlbDuY4demvnk192ZfrcxZ2Pcd/WB"
    "7xp1y+ybOnT/+RPxpbNvWWc1++gXyR6JpDJnjpyZfsWdbF5ci6Ph1ZVnwz7MPiqwWJ2pVP"
    "/Ty4OvlhcPVENPu1fIyKMXpE3rmIbx1H98JOk9b9peeFF5gduAvuUj91kdri9V1/urm06V"
    "m2fDLDwVt5RXY4JT4JMCdOCljXd8gfmSs+npPUSGWzeBy+5/qJxYrPqJ/0Id5APrj03d+X"
    "yWNiDHvQPX75cgvdOxIwOcCKCIumdyIc3msHwqnRakR5C1RxnxOfq4L64/Xlhbw9Z+x3L4"
    "3lk3eDX/Mwn5xfDuWlBWV8GoSthA0MdUIuG1SEPIXFfsgd1+bob+S5jBdA//kh75/XUdEb"
    "Jn/Oj+e5B+bYx9NwCHET6xHk9KWEf0vNLeLuQhnmP8KpbOab42cvXr14/fzbF6/F8yEIyZ"
    "VXWzPIdVQnz9nFSKfkz3xeKHgeLLNyjy+sQYsGsF/irp+VtGxGvj6Pf9bDCerRMxanU8Jn"
    "JAihl48m8uEc27O5mGznZMLpXfhIrWsbXnJq+fQ+3VV8ycJO+uvYp0GY69tEdQqMzt6dXo"
    "8G795nlMibwehU3jkOr65yV598m1MsSSPol7PRD0j+iX67vDjN65rkudFvOufdGzHPuDsn"
    "ilonwa+Ezol7Olr/T8mlNfqq/3V8/Pz5q+Onz799/fLFq1cvXz9NPu/tW9vfOXP/VBbz8O"
    "x7+bFnpKb56x+6010KoIwM/iwpgrwSKL/SiqUF+9xSV5fhsvo8mvzpaf3hw9kbnUjK9hRx"
    "zIxxP5jLpescha9fZgXtDXxEx1INIj7DHPkU4USPooBMBGNCnH6HqE/EP8jlDN3jFXL9Pq"
    "JBePV+RhlJ/8plaCpuHPVywJjuy8Sav72mPHj917i4P2C29v4zWfq2lDIKZ4T814v/9uqY"
    "wIpUoHjibhOCRCTCsolkwsrQg6FHx4dLCDhd2jPiWFjZqgBWkAPRNDV4EOGvQgRqovztWP"
    "Er2tbD2FxOPgBhWg/PLgZXHxPjOvkKzi8vvh8WmNfDj6PTgV6a5eNgpdXAjnVwDvbxihOm"
    "CPwtWXBrvOow0UqNcC+SX2JZZdBkM3z88ltlXX766+jLHqLMJF4/nncbaYR9RP5Q1hoJFC"
    "Z9cmApVLYUUKxqBBsX1jVakABFPR6hn8Sns77N0AzfEXQTf043/0ZUEjLJ5V3B/Ckak4js"
    "E9GKE1L76CK7F78osBrq69eABRHSTrAZmrUZxkIIu4yETykFtPmAPmdshxM6lwZH72DNBz"
    "sgEnowH6qYD1kQ9ZkP+sRMHBekXFHKGQz38sD6ZbxcOPApVxVyFsRWeQLk/GP6XAFPlSFW"
    "9wMkQ9DoCFCBsmJywzaYzxoA80E5C+p+FaGNZjTotn2UGWM1+6gMpGPqKLtLOmXhr4Ewad"
    "8Leu7yVbfnb2aM5udv3F3YHEzjLTxMzmaXCaw9It9MEfnh5eV5BvnhWR7aD++Gp1dPnoVi"
    "EA8J2lu86q1Hp+jcptQj2FfEPAvEfsjHojdFzKWFL4YmWOGSEblKKLMw+c19+qxz1g6CAK"
    "sGCIrHtR/KHVl4ZaBc4IB03dmaGaPxeEHsW+o4pJlBGscUQgIVQwK1pt+ufbB98KU36ku3"
    "IzmUyrmJZXbquAfsOw/IwsM2eNyqedxyKBpzuYEV3qQVHiuHbq+p2UGat8OBp1RNXfhFph"
    "tjFAsOMew6aEwmNCCI0TmRXwaK4j7ILchAePjPzfGfcC0FDtQKDmQlgY6SROia4wPelARJ"
    "BBp4kKkkAliZYWVu+8pcBtLYR9lhQFMj7IJDJlzTgJC0g5AwIYzdiY5Z9bieh9lUx7du2C"
    "JQFKAo7c1zhBw4DWJucQ4c7IaDJLgmkuA87E+XgvWAvzgHxt5YrLrLeIH5DPBOAWHSPy/7"
    "sG4JBETyYBgF/VHnbhjyE8AGWthA22ZfV8POmdCM74NXplGvzEQIoVR4SErrZCb4Vu2uFz"
    "DWdhprxUT3sGy1htCsyVyT31e3F6TUCM1TKrB++7Vbv1S5uHWn0Ka6K1+Dm6FRNwNYvPrV"
    "M1i8X7Z4datmMHg1pV3GbBA5riMrLsk6rlIJ7cyz/NLzhkzl2PjqK9Z2r1gFWn2KNVsDur"
    "Yi8CENtkMZ7c5uWC9sWb28NkW2sxxGATlEczvCgi7Va2C2o0hIdhxdC5I2gagZq1uPiuOU"
    "Y88yX+5eHfdKte6zwzPp8wBWUpWVXPpRDclYuUe16GdYlo90UOiyFSvQjCCf3BPG12zkKy"
    "aGOR+ToI+wL3mJEDjbpjC6GzfEd8K178Fsp1k7rz1hAj2WXzHL4UIypWIG72NuArmajzmJ"
    "r/25mnH5FhBzFTFnQdzr9ICM3IOUcoszciGLtDxFx4E9c+8efemuNAz74a5QuCs9OFXl0y"
    "XveA4Pgy7ysEeAfAOEyaAavfe7vjUyPUTzATVwpWiH9M5l7tgV6xFkmG/DoaocGk4lfb9x"
    "IUA2aYPZpLE8HuIcGggc7uTsO1gnEbXtZRCAYVnNsMyhaMyy3DaFbN75ovKpIe6l2lXX1y"
    "gG7qw/tgprbHvqE2+Paf/8rFCbGArFa5+VUCi+EP41HpBpWXE6151pCYahfkhBN8S4V1QK"
    "BQkNN65zg1wW5hWQO6F8vipITNj1kDmDMTE++mA4tsFwtHBKICUNyLf4jgZRdOFADUjIMu"
    "hVtx+bKloJ7AbYzSGwGyhaeSh1EfLrGnCTdnCTSSyQL2zvyKjJ4uKVsXTfEZlLC5wFOEur"
    "MyMhZ06DmCFnrgzIrc+ZA6ZvgJYG1AOnWxoIk554MKvArHr46tUtsyom3n0wqlphVM1DcW"
    "gxqUZ42gN76jET7eYOLvJoACwmjQRk9Hcjox+MHghvNM3D20EcJb0A1tgO1sjxtFSO+TUX"
    "mntKPrDaswOMVKgR9NdwGa6GatOsB6bqvivIOBquOGGIThD2PHRLFhwJkXB5Knx4EUX6aT"
    "sJ6QG/M6BrUhO2uq6pc5lpj8rRsvBsaR4WCcZaMlJG8Ywwu61b5YAx+iiMUY1lT8QMBhFX"
    "KXmSALjX3IXQ7UFKuMWhW8w5tmfhYakdKLVZNBqNwVyIjRuuJ8OYO/VJx4+6yI1yr9KvvJ"
    "UyphBj5VIFBwBqdpDmnW9QiidHYmorxSMmoFsF9jeXH4bnp+j91enJ2fXZ5UWWgIQ35aVN"
    "samr08G5TpTfehQrn2mRGvz+ST6RPSm77F2ZpwrlTfJgQJykoqqu/TgRjvmyUgmBzszjDR"
    "SQIFZtEte9q9jlkOFIMkiozuCG44ChT7cPEcBGI4BcCKFU6E9Ka5A4FXrgi3/Mbrz2++LB"
    "W6tBzC321oIzcR+cFXMjzJ/bU2lmV0qP0H/yM7ga6+D+t+JVgPqngDBpu86J4+KoHYA8Dw"
    "ekY0M69sGo6drTsYWp2G1EUyOE7PYDdCIuAw9U7AYHxdWsBf7DlEeqD57Exj2J1ibtqLRT"
    "8SRMT+rCdoJKaWNtt5lNZJEBHYOoL0R9D3ISmz2v+Se5T2i8ktuDAnc6JcERGs0ICuh9uG"
    "uIyhOX49OW5eHJkVgRDgjiFI0Jwo5DHLRcfIcYIWH947k7FYMTzW/vUDLdmSHqc7JWyA9j"
    "PXqWOvW53ew6F1Ogypwov8QVs6FwzSxNhM7xmHh1EyEIrLYq4gaB1UchZgislgG5bYHVAo"
    "MP6tRAnZpOBkZkH9YtgaT3PBgQjVq3dyDuD7DGD6k40MYQ6oM/v3l/vidFsbuaZFoxpr7r"
    "bDnJUTg5D71AP2YWnYDJo2zyJPgZs3a2ROa4bOHhlQXEcb01NQeIQbJO5tiFGHsGCdNoA1"
    "1PI17A13Wj7rLofD31POnLy/MM6sOzPKwf3g1Pr548C0Ww2Yit22FOqUewrwh3Bob92n0s"
    "OlMHfJ6UG3/UgG9gMAp4+CHNsO/AlktSgIdhZxcgn3PB1II8nKCy+wQV3VjDaR9VsiRklo"
    "JgOcj1w6wDafyOMSPyyOcniUeoj+JX+LqP7meuPUMjGnDqiuds7PuUI4ZX20kRmts24SlK"
    "uxX6UNxVyWdkprhr3Oq+s0gynRcfRfJzHMg7WLcRZEX0qvuOajqHRKlqpEz+UhWtZquiQr"
    "XI9Sg0RstV0HSIR3gH8EyNo2FEJ65HdNczbQjU7FAaxjXO4Dl4UFPjaBhR7YlHDSHa5qIO"
    "nHLsWV0u7ZAdocnkL0EIZ7Tj1mtmjOZTNaC+Q631HRgTFjbgncXCoLcL0rsgveuRp3f9vC"
    "FHkNzVYHJXTFLLnhO85rRZ59wvZDyjFM5lAudcu7csOS6TrwRyrnY4UxbFvTypfjkvsDz3"
    "0Fr6vELqGQg6D2MbJR2QO5cumcWIUD8cRF5V5LvwbKHsYQOqBoHDBtQyILfNCbztg4T001"
    "5NuadQ0NeA8ybsjwYW5NylBZACxKQDOCH0ok8Gh7eRHZiY3LZxty6Upwr8p886gRsEAV6p"
    "brpIxrJ/znouU68Ql2GqykufnHLpSSvm7PDsYnD1sXjWrp9P6+3hx9HpQG/g08eBKv4FwO"
    "ydueMVJ0xZEI85mGHmfFKY01n4C6fyLmpXYS5DDAkqLNdWYflBPG5H1n/0YURFCBnBgrAc"
    "oZs0d7xBUe05FHpywhR+my5Wsp6h/P9oMnzFUJyijW59We0wfCxqpXhHQE39Ggg8rmNVfQ"
    "g8Nhp4vI/kUKooYiyzN8QTBn6w6h1snBFzTuYLcFpWLSGRg7GFzmmIKGuQ8wFElIXaAhFX"
    "CSYnALZRvB7BjEBQsaKMcyi2UFtT214GAajranLOodiqYGJMGZR9rNuRrqfKMFfYnpcaRc"
    "O7dJxlVNnemmvEtKGdOrmx7FVQRoEVn/hCtEKsasd1tAbcgvHoA3gLvTF1oPZVGgiTgUMS"
    "BFD2mmSQMB0k7LZvOj1E40EW0ZRD5lh9p5nGtJk1EE3kzWRwMJo6A6FC/bM4WV5h5csTjo"
    "IlULdOhiPVaj5SjS3Ha+c+IL7BwiTkEBTXv1dVtgNTeAOEyfkbRxq7PYGzg6w2gwtyDW5c"
    "50aW/JMB+pu4r2/kNTpBRMZkUeyaOkKXE3Q/wxzdY4YwuyUOmtAAUR9FJFM2EYTlA+V5iv"
    "GvxH/lqYvSFdjLAVVz1+YyDpLodR8yD9qQeSDACwXikt2bn9P2aOoLy+1+psEtW2CbXBMG"
    "NQoffRSk/UFrDzNuYdsW0xWEXTG0WQBlG0UOeyU1CBv2SpYBufV7JcV92VMU8eu0UVAwUu"
    "P+SDhjqcbDORc4kASVRcSz25O5cKzGpzOELPRjKj3Fyjrix+vLiy/riLw6yOEuG9CqI2SD"
    "FXzmJZWE49oc/Y0q7JjkeNqRLabrkexHrQpc4PbWvhcMTnnRCef92vFkLTCfAekqhESVfm"
    "07wb/w+gacxnmnYh+8xs16jZOZFTPQ3TvX/vk/SmVhgA=="
)
