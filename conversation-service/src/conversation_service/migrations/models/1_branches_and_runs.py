"""Branches of messages, answers being written, shared branches, and what models were used for."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

RUN_IN_TRANSACTION = True

# Until here a conversation was one line, whether or not its messages named their parents.
BRANCHES = """
alter table messages add column depth int not null default 1;
alter table messages no force row level security;
update messages m set parent_id = p.id from messages p
where m.parent_id is null and p.conversation_id = m.conversation_id and p.number = m.number - 1;
with recursive path as (
    select id, 1 as depth from messages where parent_id is null
    union all
    select m.id, path.depth + 1 from path join messages m on m.parent_id = path.id
)
update messages m set depth = path.depth from path where m.id = path.id and path.depth > 1;
alter table messages force row level security;
alter table messages alter column depth drop default;
create index conversations_expiring on conversations (expires_at) where expires_at is not null;
"""

RUNS = f"""
create table runs (
    id uuid primary key,
    tenant_id uuid not null,
    conversation_id uuid not null,
    user_id uuid not null,
    prompt_id uuid not null,
    message_id uuid not null,
    provider text not null,
    model text not null,
    status text not null default 'running'
        constraint run_status check (status in ('running', 'completed', 'stopped', 'failed', 'interrupted')),
    error_code text,
    usage jsonb,
    delta_count int not null default 0,
    is_stop_wanted boolean not null default false,
    beat_at timestamptz not null default clock_timestamp(),
    created_at timestamptz not null,
    finished_at timestamptz,
    constraint run_of_conversation foreign key (tenant_id, conversation_id)
        references conversations (tenant_id, id) on delete cascade
) with (fillfactor = 70);
create unique index one_run_at_a_time on runs (conversation_id) where status = 'running';
create index runs_beating on runs (beat_at) where status = 'running';
create index runs_of_conversation on runs (tenant_id, conversation_id);
create index runs_finished on runs (finished_at);
{tenant_policy("runs")}

create table run_chunks (
    run_id uuid not null references runs on delete cascade,
    first_delta int not null,
    tenant_id uuid not null,
    deltas text[] not null,
    primary key (run_id, first_delta)
);
{tenant_policy("run_chunks")}
"""

SHARES = f"""
create table shares (
    id uuid primary key,
    tenant_id uuid not null,
    conversation_id uuid not null,
    user_id uuid not null,
    message_id uuid not null,
    digest bytea not null constraint share_token_once unique,
    expires_at timestamptz,
    created_at timestamptz not null,
    constraint share_of_conversation foreign key (tenant_id, conversation_id)
        references conversations (tenant_id, id) on delete cascade
);
create index shares_of_conversation on shares (tenant_id, conversation_id, created_at);
create index shares_expiring on shares (expires_at) where expires_at is not null;
{tenant_policy("shares")}
"""

USAGE = f"""
create table usage_days (
    tenant_id uuid not null,
    user_id uuid not null,
    day date not null,
    provider text not null,
    model text not null,
    answers int not null,
    prompt_tokens bigint not null,
    completion_tokens bigint not null,
    primary key (tenant_id, user_id, day, provider, model)
);
{tenant_policy("usage_days")}
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return BRANCHES + RUNS + SHARES + USAGE


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        drop table usage_days, shares, run_chunks, runs;
        drop index conversations_expiring;
        alter table messages drop column depth;
    """


MODELS_STATE = (
    "eJztXG1v4jgQ/iuITz2pV7X09U6nk6DldjltYdXSvd2tqsgkBnxNnKztbIv29r+fHULICy"
    "zgOCSw/lI1trE9zzgznnnsfKubLv4KCQUMufioCQkyx/Xfa9/qYEAZASbjD0NgU3hYqwPP"
    "40+JX9R58QCYzy+AWMbw2RgiaFuUt3p8ite4DTdVZQEGYkXfRK9iQIQZDcZ3wKthQzxiYj"
    "onx8ffxY8GhunavoPFNMRspmUWHALfFjOtG0a31zfu233DCCuDMQw28eC0X9HqQ/Pu+m3z"
    "7oB3+4to5nJBbShqumFVY1oXDBr1jn3bDgqoSZAXiD8vdE0+fYRH86L5yKLn6zEgf4kSMe"
    "AIYkgAg1YMXYQt+JoowcCBMUlFt2AQzHPWwpuwsYujMfgMREMfoy9+1IzLsALdxvl5Bl2h"
    "4VC/eRDmXS9FOKirBsIxaRWinAGV1zOImSyof9/3uqLaofSLHcfy4Lb5MQ3z9bteSxR5Lm"
    "UjEvQSdNBSCbnoUBLyGBarIbeQyWr/1WxE2QLonzaZf9pGTWcYPToNJ9XAARiMAhHCLmIS"
    "ZCyn0EHG1nnhmIEi02/iSPT1a+Pk7PLs6vTi7Iq3D5CISi4zywhZsiuo0+2rVH8Hs4XaZ8"
    "RPKj8smCE3FWC12hFOqlt0I6bPwp/VQYT6tI3B3BFkY0gC6EXThJKu456rDCcHfOYa2H2J"
    "jxcWGcCKvyYrTQmBAmwDSFuTfue2fd9v3r5PmJSbZr8tahpB6SRVenCRMjNRJ7V/Ov23Nf"
    "FY+9zrttOWJ2rX/6xyAd5wDBhyoKwNSoC4hhkKhzua/bPED6hTM3z1EIdQqzmPmpMgxtQc"
    "mqXStex7ln6Z82o5CaK6l1mBw3YgpXwPwUt8+d1f1ncfK3fcq1HOiLK5F1cKbc44JQvqSQ"
    "mgbhR+bArnb43G6ell4/j04ur87PLy/Oo4wjVblQWYuc8Q51u5rc4bgXPC1qhczS00ksc+"
    "JZ9C/LMZC2R4xP2KLEik7Xz7Y//HIWBk5t/1um9mzdNxoUKr3YevstCn8FjpmOUD77hoGv"
    "kMHgUi77gWtDXmcSQKRJu/Tv9CkxnyGYIA3dPpzjC+53t46NyoBFL0JwlkUsiVaPo+so6C"
    "6cthSqAd7CvjGQEqC6+Yx+NTCsj6H0Mfm6Lf2sBHNkOYHolU1591aXibhICJJL5LBV7tG5"
    "ck6NaBmTLAfGlcC7EUdcCV8hXKayGHtZjDUWRCmvqOA8ikUqiXZZ9jWBRooRkY5VrkVTce"
    "M/kKtRUMYoD33MslZFyNZl4vxxCzobYDcSSKNLw+hWS/129MwuJX74tLnqkHTGhQSEUqZb"
    "+xXSZurr1wFVjU6xTrthmXqpAo3WARxBxwAK/4c5bD+26wLiRp1cWrIEOuZvb/a3Gst9ME"
    "cV3Tqz89I1N9elUTbwrUXGHizYIeG6vjhgo5LLNOtjaUomSuDfvOQJ66qAycczFKxlMBtV"
    "YZUIuj0TQrXCwrmfNQ6l7F/hsdSs11Djja/e53pLpA0uKzAUMILRE2yOK6V+es42CsPvr2"
    "w3PWmu+tHN8LCNz3RHhCxuLZXlenwWEciELpxwpyvqbreDYUKJWB+nZoX82fqefP5vGPQV"
    "2fmNqKLIelWGZNZJ/1zi+GxBa2fZrP3CmebUbSHGqKrVSKLbxNsYxde1wcPwfpy6cs9Xbn"
    "7/qtxgEETJMxeciYGIJVJNw0r6pAx9XnVYcIIzrWes6n5xSKq7dx2yRWbe4E9uA+Y0qQgo"
    "kWnfXfdMu0PryQEJfwZ0tH3lk4CsxBI2pQ5nrGC8CzrJnMHdFe710C+1YnDe7Dbat9d3AS"
    "KII3QgwuNiMzJCQvk7quDQGWRD0LxuqFP+AjyrIt4W3svbYmSSGLNySawvoRhaU8YecR1/"
    "H2PBmdkLH4FaxvmSexX3TF/Kcgs4iPsUC1DNw1lbWjVJZmUDSDohmUeRcLGRSRaz/U7Emp"
    "7An3buvfS+IKux77+LlehY8bS2TchohQZgTpKnUZt5IOi6dkKTLpFgyi9sZ9LtDy3K2fy7"
    "IaMX27fltbqop4o6lxy++SuFHdjuqr45bmIqt0TYYpNLKc2k8ZwXASC2j9+zEgsBS3pXnf"
    "SvGB1ed99eeKFai5oM8Va3qyVHrSQiNI5T+hGmZKojfiQ/Ou1ek27z4tzg+2FmRWWp/67a"
    "ZKFbQQBkR6MxvhsQZDNmHxM3Ib4a4psiJOu+sQQX3WVef/dijimm7KD3UGsNQMIBVaWD8H"
    "+CCM5A2Y1Hc0BwgwfeET2/n8X0wOhbk/Nd+7D+//ia1hcHlJGu31vnqfcwOW48P3CwWtnD"
    "rCkxP7rYqMkIVmxIH0935FwK06UJYNH0D6S73rJEFkYwh9ImzLJ8L08aVtH1/S8cdOxR/R"
    "VvYwdwiyzWC+OpGIkvA+E5AEJ4YM7pyW8z6h54osafwFT0xqtl6fnr5//x+PhuEq"
)
