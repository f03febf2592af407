"""Workspace sessions."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

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


async def upgrade(db: BaseDBAsyncClient) -> str:
    return SESSIONS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "drop table workspace_sessions;"

MODELS_STATE = (
    "eJztXW1v2zYQ/iuEvywDvCB10qYbhgF26m7e8lIk7jqsKFRaom0usuiKVFKj7X8fKUuKXu"
    "xaoSRbVu5LEFM0qXuOOt49vJO/tOYu+4+Y4rBLXGpOW7+gLy084sLFppAfxtjmpI1aeD6X"
    "n8LOLdkywubtPXYtY3xrjCmxLS47vP8Qv8I6LHXJwgLHmr60TOaouagjuD/1DH82bOJMhL"
    "qTZ0dH39SXRobJbG/mqDtQN7Jss8gYe7a6yZZhXF4NjZv+0DCCi/4chljMyXJc1evv7vXZ"
    "H93rAznsj6obkzLaRF25DC51ltf8SaPRHc+2/QZuunQuKHNijcyUt0+dyUPTw8xq5LMpdl"
    "+rFjXhhDjExYJYMWCpY5HPiRYHz0hMUjUsHvn3GfaYL8SUOdEc8g5UR8+hn7yom5RhA7qd"
    "588z6N4RlysBCyIsh16LsH+tHgjHpC0R5Qyo8rogjtAF9c+bq0t1ecb5JzuO5cFF9580zG"
    "fnVz3VNGdcTFx/FH+AXpmQqwE1IY9hsRlyi5oCfUU25WIF9B8ec/9pG7W8w+jjrDNLdZhh"
    "B098EYIhQglS9lLBnzFz82A6X4fph3Cihvmp8+zk9OTl8YuTl7K/D0LUcppZQdTSXTyDy2"
    "GZmh84YqXihesl9R40hKAtBdisceokNa2GUbcvgq+1cIT6so8h2ISIKXF96FXXUD9nbDZT"
    "K23LGxr2BDMcdh+fKmgysBV/JDaaDZcodA2sbTmGg4v+zbB78SZhPl51h311peO3LlKtBy"
    "9SJiUaBL0bDP9A6iP69+qyn7YyUb/hv2WuuFcSA0FnRNfeJEDMYXKC6Q7Df9bY/PLUTCwK"
    "Wi6o5QSGMSUHVmjnOvbmFjzKRZWcBLG8R7mE/VmtP17eFn1U+v6c7xHiept0qVAWjECyYD"
    "7bAZiPCixyw5mNhT05kGvoe4d+FHG8NBNxA/D27eBVmU++Gk83Co7LuBlMz6PWoX/7epCO"
    "mLXQttH9f4bfD9QiE31+dfl72D0dvZWI+5B81l3CIRBVBsbSPadi0ez1m5Cx+vUbTOcPB8"
    "s4g0eVq5lyibVN1J1pIt+7ujpPIN8bpKF9e9HrXx8889UgO0m3d/WuF0qnB3iPMZtgRxPz"
    "JBCbIR/J2TQxVxG+FE16hR4napfQ9sLUM/f+Q5mrtuu6eKEJ4Wq5NkO5hirLA+Ucu3LSZh"
    "vjhIwb48SitjjglhoOaULIyjEVxMFNX6UJGYu5DDvmyEMOtv1YkrxEBvwRCm/9OvYcUwGF"
    "fFDVn5PfWttYA5p8+WrdZ1hzc6kH/gjevG/RPebOXTK3sQmMWzHGLYViZZQbROG7jMID49"
    "DsPTUpZPVxOPgpBf2U1rspFgijQHGIY2qhERkzlyDOZkQ9GWh57oOoOGylZNX4enX+j7+X"
    "gg9UCx/IiA46cjpCNwK7++sIQRJBCX5QVUkEsDPDzlz3nTkPpAFH2WBAYxI2gZDx9zRwSO"
    "rhkHCpjHUOyfuUeQzX4YeEp/Im8D/ASwEvpc6pjsGpIKi5iJqTIEKyYzO1XONkR8jQe0SG"
    "nmtO6d2TzwiJw1BpPkhcOF3j06TzgxQeG3cL/VMEf0aA/AGIKo9s2L3T9Ig7LiKQQntICt"
    "1RTkdU7kdwkpuFQ9c47Jg+evNAIQB1tEPqKNBHrmOsQGddicOdWn17SxIx0/RcFwLLYoFl"
    "CsXtHWbJ5db4WqWYiJVnwppT7EhjHT5sBfbY+qS9Z2WqNOUd6o+g/qhit2+L9UdPu9wAAs"
    "N9CQzBNoS4FzQKK5ImP1LrI6IcyUgAkTtpfH7g2dTIdZ2qCxij4KMNgWMdAkcDxxSSM4B8"
    "je+Yuzxd2NMAErIMWsXjx13lQoJ3A97NPng3kAu5L7mQ6X0NfJN6+CbjQCHrcyKTZvK7OZ"
    "EXZDYiUL8BPku9MyMhZ64ENUPOXB6Qa58zB55+BW6py2wg3eJAVMnEQ1gFYdXjd69mhVWB"
    "492GoKoWQdXMV0cpIdUQT1oQTz1lR3t39fA2c8GLiSMBGf3NyOiHoAeON3bth9fDcVTuBX"
    "iN9fAaBZ7kyjEfYn4LPiH4hLXm2C25gkHFRd48EAG40euEE5S91DCcoOQBufYnKJhzOnEI"
    "abbnm5Ky+oKbYIcbaRe07gGoSSGrD9HghQ2pPXZrL2yQC5AWgf3V1dveeR+9ue6fDW4GwU"
    "8UR/ujf1E1PbyS5LrfPS8T5dc2w7owx4XfvMjHaiZtYoeqbCYogk+DAWxaQVO9bTaNCyy8"
    "QoWmjVnHD1BAGkFt6MtckFIBeTAkgYTuCt4xW+xTjm3giXfKEwuphNwE8RnznK2/o3Y18/"
    "Bzp3N8fNo5On7x8vnJ6enzl0cRBZG9lOUiTF8SzXXTG/yuyIiEYciyE4XMQo9O9DmKSDjI"
    "8QQHbV93N3DQauigZT2G1l9kLtBogbDcW+hkQtxDNJwS5LJ7jtgYMYeg4ClC2LHQUq0Iuw"
    "QJhkYEYcsiFvLmvyBOiF/QPqMTKZwcPlv3XvVkFXk5Z6FBfpyrU85Wp7+2d7vPBX5PYUco"
    "vcWtdIEMf8/M5wj5j9O+V6VhbrAxnLNpn7NF+G0vd9KifG7jhQFZfSHTngKkQqqdzDC1Af"
    "Q4ElWjbdwSoNwzaFSIOuXLl8poG5cSX3VfzKko9Kb7BAybrXuBV93LmWZRjc2TBvwBhkoB"
    "9x+kqYwMgEEmK/CouBIBkE8WJGwHeSgbXl82XDbWUOJahElSTI70chB1fGZGBb8jzIl6z+"
    "FBxGG1UXALP7bR/ZSaUzRkrmBU9jOx4zD1O9GLLHFU8thV8ERxWqFd+FRsm8RmfQ7HSqE6"
    "swTRctRNBbiJyVfX375j7i2fY5PcEM6XoOwpfwQVF63iJFL9Ky5szNWrRk25XEHZxZS9Cs"
    "o6qhzKMEpQNpRh5AG59mUY8rqayT8gbLZjv0LSyssx4CBjm68nwK7/U+VLx7PZi3mlrJUv"
    "56edEVUNpiqDQ9tG/HkT1LSstRFpc5DCXQ1Qqo1QAxbIh8ppJCxqCvQVFfhZpfCtAbqWuT"
    "6/RxVKshm1InBBFhm8LXBnVGoeOO9D4smYYzEFp2slJHtaR5EhFdtQU7HTmoqHlRV4oOvz"
    "Cr/9D61gzDs="
)
