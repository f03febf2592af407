"""What was deleted or edited, and who had left, before it was noted. Not in one transaction; may be repeated."""

from tortoise import BaseDBAsyncClient

from shared.db.catch_up import redact_earlier_events, rows_of_all_tenants

RUN_IN_TRANSACTION = False

DELETIONS = (
    "project.project.deleted",
    "project.task.deleted",
    "project.label.deleted",
    "project.tag.deleted",
    "project.member.removed",
    "project.comment.deleted",
    "project.file.deleted",
    "project.person.deleted",
    "project.occasion.deleted",
    "project.list.deleted",
    "project.list.withdrawn",
    "project.list_item.deleted",
    "project.gift.deleted",
)
EDITS = {"project.comment.updated": "body"}

# Webhooks of the tenant pass to an owner, as when somebody leaves now. What was delivered for its former maker may be
# what gift planning keeps from an owner who is a person here.
WEBHOOKS = """
with passed as (
    update webhooks w set created_by = owner.user_id, creator_role = 'owner', version = w.version + 1,
                          updated_at = now()
    from tenant_members former cross join lateral (
        select t.user_id from tenant_members t
        where t.tenant_id = former.tenant_id and t.is_active and t.role = 'owner' order by t.user_id limit 1
    ) owner
    where not former.is_member and w.tenant_id = former.tenant_id and w.created_by = former.user_id
      and w.project_id is null
    returning w.tenant_id, w.id, w.created_by
)
delete from webhook_deliveries d using passed p, gift_persons g
where d.tenant_id = p.tenant_id and d.webhook_id = p.id and g.tenant_id = p.tenant_id and g.user_id = p.created_by
"""

LEAVINGS = """
insert into leavings (id, tenant_id, user_id, left_at, due_at)
select gen_random_uuid(), tenant_id, user_id, as_of, now() from tenant_members where not is_member
on conflict do nothing
"""

NOTHING_MORE = "select 1;"


async def upgrade(db: BaseDBAsyncClient) -> str:
    async with rows_of_all_tenants(db, "tenant_members", "webhooks", "webhook_deliveries", "gift_persons", "leavings"):
        await db.execute_script(WEBHOOKS)
        await db.execute_script(LEAVINGS)
    await redact_earlier_events(db, DELETIONS, EDITS)
    return NOTHING_MORE


async def downgrade(db: BaseDBAsyncClient) -> str:
    return NOTHING_MORE
