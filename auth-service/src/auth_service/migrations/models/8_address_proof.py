"""When an address was proven, who is added as a member by invitation, and addresses without compatibility folding."""

from tortoise import BaseDBAsyncClient

from shared.email_address import email_identity

RUN_IN_TRANSACTION = True

TABLES = """
alter table users add column email_verified_at timestamptz;
alter table invitations add column first_name text;
alter table invitations add column last_name text;
"""

# A tenant's own work renews what it has sent. It still reads no token.
GRANTS = """
do $grants$
declare
    app text := regexp_replace(current_user, '_owner$', '') || '_app';
begin
    execute format('grant select (email_verified_at) on users to %I', app);
    execute format($sql$
        grant select (first_name, last_name),
              update (email, role, project_role, invited_by, token_digest, expires_at, first_name, last_name, version,
                      updated_at) on invitations to %I
    $sql$, app);
end
$grants$;
"""

# Addresses of other characters than ASCII only: few, and the identity of all others stays.
_OTHERS = "select id, email, email_identity from {table} where email ~ '[^[:ascii:]]'"


async def upgrade(db: BaseDBAsyncClient) -> str:
    for table in ("users", "invitations"):
        await _fold_anew(db, table)
    return TABLES + GRANTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
alter table invitations drop column last_name, drop column first_name;
alter table users drop column email_verified_at;
"""


async def _fold_anew(db: BaseDBAsyncClient, table: str) -> None:
    """The owner of a table under forced row-level security sees no row of it."""
    await db.execute_query(f"alter table {table} no force row level security")
    for row in await db.execute_query_dict(_OTHERS.format(table=table)):
        identity = email_identity(row["email"])
        if identity != row["email_identity"]:
            await db.execute_query(
                f"update {table} set email_identity = $2 where id = $1",
                [row["id"], identity],
            )
    await db.execute_query(f"alter table {table} force row level security")


MODELS_STATE = (
    "eJztXd1y2zYWfhWMbjad0XpS23Gy2Z2dsR21devYHVvZNO1kaJiEJNQkwQKQHU3bd18ApC"
    "T+KaRAUKJk3GRikgKI74AH3/nBwZ89OOWTg1NEsTvpvQV/9uA94xS6XPwxgj5DfdCDUST+"
    "Uk/2xJ/30H14gtRzRg/OCCPfY+Lub5/Td8ghyd3yIIepS3/2XBLKjnDImeo3gF8cH4VjLl"
    "/j25cv/5Y/undc4k+DUHUv3iK+5qERnPryDXuOc3U9dG4HQ8dJbqo+HD6LUNyufOp/pzfn"
    "P5zevBDNfiMfI2KAPpJ3rpJbh/E91emi9XDq++oCcymOOCZh6iJxxevjcLy8tOxZtnw+gf"
    "Q7eUV2OEYhopAjL4UqDj30JXMlhAFKjVQ2C+/Ve86fiGZ8QsJFH+IN5IPTEP8xXTwmxlCB"
    "7uGrVwV0HxFlcoANERZNr0RY3esGwqnRGkS5AKq4z1HIdUH98fb6St4OGPvDT2P54v3pL3"
    "mYzy+vz+SliDA+pqoV1cCZSchlg5qQp7CohtzDLgd/AR8zXgL953XeP6+j4jdc/BkcBrkH"
    "AhjCsRpC0sTis0xpSol9QcdFSV9KgPkvcCzb+Ofht8evj98cnRy/Ec8rBBZXXhemD/Z0Z8"
    "7F1dCk2C9CXip1TqdZoScX5ojFA6gWNw6zYpbNyNfnyc96cIF6/IzDyRjxCaIKevloLJwI"
    "/4RmG13GRGvECclTup/kkgO99IdQqSwokrA6UFtfDC/eD26Hp+9/ziiNd6fDgbxzqK7Ocl"
    "dfnOQUyaIR8PFi+AOQf4Jfr68Ged2yeG74q8mp9k5gwHGAdLVMBsQaiibp7mD+nxWa3pyY"
    "0ZcICwitmJuIOQtiSsyJAtq6lH3IuDNl9nNuJuc8jB2UNEWP5MHKuZmcsyAak3KV7Dw8Rk"
    "xbbmcJ416ITLDzs4ur05tPC36+kNvl9dX3ZyUM/ezTcHBqUhBnOIR0pimGJR7VK+f9jIsh"
    "6OGu+tP9Wga/DL9uFGVAnz+et5QMQj5EX8rpcTXgcyDaNEIjikb4i4U7A0WbgDOXRPGnoQ"
    "v4b59NAnZKKdTVCMuxVCO2wlqvAxlHIQy5o2/wqhl5FC+Kaf364cPFO5NYyvY0ocyMsRrN"
    "6RR7B+r19SAVrInuF6A550JqgM3QLLqTeqcgXgoBCf2ZeHMCHtAMYAYYJxR5B73c0Gr9wL"
    "grKvZ29Nd1RRn0M60xS3r/GU1DVwIMlDDkP8f/7W1h4jSbM0XfVIQdIewUF1rlneIcBRH/"
    "KF5MGR676KRCoWddF2uZOrnJlwLQnHfKgK9ZGtkd9zZXL7HzQazvcV65EnwIfTIWOvgtgL"
    "4PKIp87EIGXDINOcAhwLwPYOgBOOKIAghcCtkEkBEQ3z+QH+I9ZCh+XAxZLAeQciZ+gZ6K"
    "i0jLfRlffzL6bO1lKBuTPDkuTMmHeHFrEo48OV4ZjZS3thOMzGmEZJjrWyTFlSgWiPOkJF"
    "JjQZp6mIsXx+FGV6NybfWvw8Ojo9eHL49O3rw6fv361ZuXC7VVvFXUXwz9oe3HufhearDM"
    "PDGs0s7wWF+rJUPTVWp1jIWJUCTWDTYHfI6GvhOsZCH5KD4/pDS1K784qbYhiG1CIElBcT"
    "mo9QvjSn2pE5obFps067tjXxgx9IvKXQrGUTOhpma/JOON6nUbCu9UTKWtUHj58n10+Ppk"
    "sWDLP0qWaA75lIkLnrbz//b96eWl4bX5NhBsu8HqnB2VwVXaDDGiSHTDuLNYqvaRIhUG2T"
    "kxWH7ahJ9CtbDbGFYGijZjWIlTc78CCMU86/QgK7MOmkZkBGePCNZPB96raZwGo82JbC1b"
    "s5ZtHcyx9kaNvZri2PQujgLQgTD9iLaG3iuwl1C0CTiZcpfY3CWUw6Ll9KVHTISFZTV5Lp"
    "UpC0u7Kn1hYBFPOyizV7M/D0gle9T/AsT8i8QjyAm07fd31x/OLgfg55vB+cXtRbKrbOH/"
    "UjflJXEBc/W2N4PTS5NIf+cTqA91ZvzVE30kO9MEmyEmdwbut+GTHWTrho/N7jMP6UQOwy"
    "riFBJtkhAZP0ENJvB+IZ4Co03QVYInHDfYQL1XsGfhaJFv7F/mcCmUBha/kjD/DXliAFKk"
    "EoEBepSJWp6HvANwl6aMdzI3+O53RsK7PggJj/9/f/cWYM4AF7NEPhBBymXY/2kCuUoEkG"
    "Rf3gigJ3oYFXMGNt99KwkIMnTdt3nN281rVgkHPhlXpxu8gxwOvkSE8p5NOOjbhIN689Du"
    "vd8JMecT2FdtvTebVlJimENfTC4xumnQgBLunyewBJh2fYH7xw83uLNsKFP1E1Gp/WFKem"
    "Aq3oWCnwafnMHV+c2nn4cX11cCyfObwVCl/D+giIMRkVn/Hpz1BSWTuaGS383mGwWAC0Px"
    "f+gJDlckhhvs1zQjTLELywm3ywkVBUNKFtWs8CJ8xBwmQ91FVghdV0x/Swub0cIcipUG9+"
    "ZpoWX/BsRs2f+zEHNb9N+cmKeRZ7/mpmLOgtj25oG1dio3rFRbzJz+Vhtk/ZzptQrQ1k9V"
    "zxZRPilJpiG/I5c7lPjaSUyLYsr5GZ+qpXzSlUK/+QGbC5tUYv1sMC7BtmksMF+vurg5HA"
    "UQ+03hFQ1/pVr11jaIF9bc+Vg3j7CDPRRyzBvvxN8lqDODbg3zkooHnDyg0GlWlXCXSh/k"
    "x7s+1omHos4OosQKvdeeyh10XK60te/rJSU2TUMaYcq4Y8s5JvBn4WgxRQNL19q+T+bsIN"
    "vPqVPFhu1cTpde3sBUnjP0vQoorTJDbMJtFxNuS8J0y3qOcXUtSQuRBxRhUblVXysB+bWf"
    "mA6OpYIsfRsc22pwDC9EUR0bu8SPaIjdB7SrGVPWmd5b38vakVQalyJl4EJ/v5eIwjjb55"
    "D2RIGsCDZ1ooBlPLaA+NqAtpnn9T0hnkqcIqHMmw89NoEPCDxhuV8JMCTQ91gfQAaeJiTO"
    "02cPKP4J5gcgU1C8SDbNN2+amKYYjiWm2yWmvhCFw5Usqpnpexlr2E1OavN4NDjp7uXxeG"
    "LuWhHrmx1L/DqV15FUr9aucVBM7HipDbB+Ykd6FK1ldhwdlhDgIPLFWzYNGx4drgwbylvd"
    "iNKmB2swPrtiz4m15rJbTZpZcyVc+Qa5OMJyY4LccuAjro43oCjZpPAWwPnFAM6ACymdyU"
    "s4fABcbk0lEQrlOQcAuurwg5JtsW30YJoxv0+yPCxX3iJXll77eiR5KB37lik/Hxq1e0zZ"
    "Oumbs+UNOemrU3enVGD1PDJKU2Ntk97tn4dzq0ckxpHutQ5JLPtJG7QqXqvX5laVCZvPJ1"
    "XTQJJmlmQ5SvY1qBYK7hFlExxZrvV8FuHd41p225kBMdttZ3VA3rltZ3YrlMncb2GLuBw/"
    "aiN6dn19mVExZxf5POQP788GAnKF+LIocHEOJyRB0xVJBFow1M0OT8NQwx0pOrNmwnbq3a"
    "ij0MPsKbWC879YJLT0QfIK38gKM9idgCGhnGB5mi0MZX1CBkuSIAy3bdzwWDLXtS2PrSY4"
    "dce5285RisFCMKvMj9+yPc8/kM8ps2QExTrhy1UP9XbTMLHeQQ3GuiHvoDkpR5CxJyLmlj"
    "uBYq5aA6WRgbICzU5ZKjaRwmZs24ztbfDquhnb7ez6s3aKSTSfhOTksb7kAXfB0p6Pchum"
    "dh4KbWu7xD68JQGSFellbXnAJuQptuUoHk84mK+2KmuHPCEGIJAHLRdNQf1mjFt9acOgb7"
    "N5tpvNM4KSqcXSqBFrGsFBSImv6ijvplEn7o8wDSzPbxhvysFYuXjbqqW7KeeW4oqtnCGv"
    "SnIIEuQ5jCPtM3a7fpx8cZSVH5++9ZcUz2dITARrBObPFFjCYjTfW/rt46brVaI/AB+x6G"
    "vKwV1aL98BzOW2RgZCorifqlMfztSJcOXRgo302gKjXLKS5oxyc2Zid2ilAcuxlFuiuVxq"
    "ccsb5BJ5csK5sD12lF4qvWwZR5MUF2aeVFof5+Z9nGvGuhMN1E9SYM0FutdtuIXVKaPX7A"
    "LVpQWKJqJxpL9rdbR7+UGUhLpvEEP8Jj49ckeXLWsrG1i52rCVS7Tod4JPyxNH54eXCkwY"
    "eIIMjPEjCt/KI6jkxJU0XDp7l5sypTr0CZFlTqYRkPuDaR9I/k5GkqBLsv4PQfylS7ioYj"
    "fWq2n9m/k611a+tgx4aVaHgSrgBXVMpaCc5BTeanvhVkzA3T06yyrcjipcu8G0c2Lufg6Z"
    "cskyhEIr6CaCzsPYRVFT9Ci5jBV0E0FnQexg7JASbpfnxlLOgLgxZ15inGgLbp8OKUhh0e"
    "aWqzj1qeHBPPvnRi3AUvkNNEkYdaeUCoPMSiEvhQIu7SbuRmJ1w2TKrCDyewOKwLT6QcxZ"
    "hrASmf7G5L1aD4qQVEpAf1V4zhnsLSVdq+gDHCeJDs9+OmfhaJPh2L0DDfY4X4dIOvhD5P"
    "0Th8ATq4ArGpXJ5oyoAu0jGGB/JiMCFI0ENJO48BE7AO/UUsHWKKLUdmem4xNzP3bfpsJv"
    "NRWexXKoHXjY5fKW1i3d665b2iYrdXNDZqIg9poFZMfYPp+1JoLd5arH+jdxLJGkkZJElp"
    "waJNMM5XvMD7NMPpy4Grr+SUVt9dgSadUsG2qZaxvMtW7B0Fsxx8SwfkKzHWWvNnfGAHvt"
    "fu4MFd1QK+amkfY0iB2MtMsVjzkjSgIrZW0pZ0HcnCkaTe997DoPSDvvdf/M0SwmbZukah"
    "tqRPGjeD8rh5ItujlsjO9nStoHEaQ1983+G0CQqGW1aSlEWGXOq48YhILDPyKKBRIyi34G"
    "AkJL6rlstmvj5sOSgq5tPFSeOaBvTOzSeQN1bYjKtHsWy0J+INW2w1D5MnrWbni2VKP7do"
    "M9aMCAmO1BA3VA3rmDBjhGtOnquNZBA70RRUjfx9bkDNRkqAazQiqpB/On4+dAPubj1KYf"
    "1aaN6kpXf+9TjtMcCN15XLRbvvLShnl+QhfX5vg2QGA0QBBHIKvZ/Qemruwit4chCWcBtt"
    "V3GvK+Ao4ddBm7PrFybmrGpTHsooytrf4cbPW4kETidLTSbpaPWIZlBz9ttcvbJ2Nsd8s3"
    "3y2fxrGDsraH65iUeOuH61gnbKfkbZ2wdUDuthN2Zcmwpn7CjlYKK2UlrfphbVE240XZah"
    "TZeIQcUmdKtefxXjlps3BUEjH9fageZpEPZ451jy92/2QBaRH7rIGli/6enHlVBKNGapX+"
    "GdMjTIW1Y2d9gn4WDoNLazHyYk9TL8DQ6kwXPQmFxkeEBsLmCrA2x94TRVOKR6sSUI4Vq2"
    "rSbqZNaJqFd2MC2cRCX4ZIq/BTNEIUhS7SLp334+311dfBz+Pcz7phZAN58FNR+fsp9jkO"
    "2YGHXd4gMC+70RVJFqUaPhnxquAv4GNW5j7YZnKGivb3bWrGVlMz5I7eeokZt4jzeES7mJ"
    "9h47m95v7g7sdzrdvfgJit278OyN12+5fkXrviBceENvZGr5V/vS23f3qwm8zAbrAFstMJ"
    "2Hl8a29ntOU7bW2eXazNUwfOR+hPrZMmg4S5XQK965EqSRSg4D6uOiT/ij+Yt2As/5BVil"
    "QtovgZNsHRAbhT73InNyTf/c5IeNcH8nhF9f/7u7fgAUWyXpE8KMwVb19SwHNz/bZhUs/t"
    "tL61rLduWTssFsbqgx3TPCVZUzNrQuq4x7//DwKqx+o="
)
