import asyncio,sys
sys.argv=[sys.argv[0]]
exec(open('/tmp/work/load.py').read().split("async def main")[0])
import asyncpg
from shared.ids import new_id
async def main():
    c=await asyncpg.connect(B["urls"]["system"])
    ids=[]
    for _ in range(16):
        i=new_id(); ids.append(i)
        await c.execute("insert into projects(id,tenant_id,owner_id,name,visibility,created_at,updated_at) values($1,$2,$3,'x','private',now(),now())",i,P.tenant_id,P.user_id)
        await c.execute("insert into project_members(id,tenant_id,project_id,user_id,role,created_at) values($1,$2,$3,$4,'owner',now())",new_id(),P.tenant_id,i,P.user_id)
    async def mix(C,secs,label,paths):
        await asyncio.gather(*(run(B["port"],"POST",paths[k%len(paths)],{"title":"bench"},max(1,C//len(paths)),secs,label) for k in range(len(paths))))
    # one aggregated
    import io,contextlib
    buf=io.StringIO()
    for C in (16,32):
        buf=io.StringIO()
        with contextlib.redirect_stdout(buf): await mix(C,4,"x",[f"/api/v1/projects/{i}/tasks" for i in ids])
        print("16 projects, conns",C, sum(float(l.split("/s")[0].split()[-1]) for l in buf.getvalue().splitlines()),flush=True)
    await run(B["port"],"POST",f"/api/v1/projects/{ids[0]}/tasks",{"title":"bench"},16,3,"one project")
    await c.close()
uvloop.run(main())
