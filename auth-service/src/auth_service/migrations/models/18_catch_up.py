"""What was deleted, and who had left, before it was noted. Not in one transaction; may be repeated."""

from tortoise import BaseDBAsyncClient

from shared.db.catch_up import redact_earlier_events, rows_of_all_tenants

RUN_IN_TRANSACTION = False

DELETIONS = ("auth.membership.removed", "auth.setting.removed")

PAIRS_AT_MOST = 200_000
"""Of the audit log, with an index probe for each: some seconds, in which nobody waits."""

# What tells of those who left before: sessions and links of theirs, records of what they did, and what was told when
# they left. Of accounts that are erased too: their former tenants are told of it then.
FORMER = f"""
with recursive acted as (
    (
        select tenant_id, user_id from audit_logs where tenant_id is not null and user_id is not null
        order by tenant_id, user_id limit 1
    ) union all
    select next.tenant_id, next.user_id from acted cross join lateral (
        select a.tenant_id, a.user_id from audit_logs a
        where (a.tenant_id, a.user_id) > (acted.tenant_id, acted.user_id) and a.user_id is not null
        order by a.tenant_id, a.user_id limit 1
    ) next
), traces as (
    (select tenant_id, user_id, null::timestamptz as left_at from acted limit {PAIRS_AT_MOST})
    union all select tenant_id, user_id, null from sessions
    union all select tenant_id, accepted_by, null from invitations where accepted_by is not null
    union all select tenant_id, subject::uuid, time from outbox where type = 'auth.membership.removed'
)
insert into former_memberships (tenant_id, user_id, left_at, is_account_erased)
select t.tenant_id, t.user_id, max(t.left_at), bool_or(u.anonymised_at is not null)
from traces t join users u on u.id = t.user_id join tenants on tenants.id = t.tenant_id
where not exists (select from memberships m where m.tenant_id = t.tenant_id and m.user_id = t.user_id)
group by t.tenant_id, t.user_id
on conflict do nothing
"""

_TABLES = ("users", "tenants", "memberships", "sessions", "invitations", "audit_logs", "outbox", "former_memberships")

NOTHING_MORE = "select 1;"


async def upgrade(db: BaseDBAsyncClient) -> str:
    async with rows_of_all_tenants(db, *_TABLES):
        await db.execute_script(FORMER)
    await redact_earlier_events(db, DELETIONS)
    return NOTHING_MORE


async def downgrade(db: BaseDBAsyncClient) -> str:
    return NOTHING_MORE


MODELS_STATE = (
    "eJztXWtz47bV/isYfel2RvXs2rvr7abTGXvXSd34krG9b5qmGRomIQkxRTIAZK8m7X9/cU"
    "BS4k0hBYISJeOLx+INxHNAnOdccPD7AM/E5OCEMOpOBh/R7wP8wAXDrpA/RtjnZIgGOIrk"
    "L3XlQP58wO7jM2aeM3p0RpT4Hpdnf/4leyY8DAunPCxw5tDvAzcMoCEaCK7aneKvjk+CsY"
    "DXePP69f/gpgfHDf3ZNFDNy7eIj3lkhGc+vOHAca6u75zbszvHSU6qNhwxj0j8XLjq/05u"
    "Pv3j5OaVfOyf4bJQdtAncOYqOXUYn1ONLp4ezHxfHeAuo5GgYZA5GLry9WkwXh5atgxP/j"
    "TB7Fs4Ag2OSUAYFsTLoEoDj3zNHQnwlGR6Co/FD+o90yuiuZiEwaIN+QZw4Sygv80Wl8k+"
    "1KB7+O5dCd0nwjh0sCXC8tErEVbn+oFwprcGUS6BKs8LEghdUP95e30Fp6ec/+ZnsXx1ef"
    "KvIsyfLq5P4VAUcjFm6inqAacmIYcHakKewaIeco+6Av0X+ZSLCuh/Wef9i3NU/IaLn9PD"
    "aeGCKQ7wWHUhecTis8zMlIB9aY6LkraUAItf4Bie8ZfDN2+P3344ev/2g7xeIbA4clwaPt"
    "TTHTnnV3cmxX4eiEqpCzbLCz05kCIWd6Be3DTIixkeA68vktsGeIF6fI0jwjERE8IU9HBp"
    "LJyIfk/mG1Vj8mmhE4TP2XaSQw72sh9C7WTBCMDqYO354u788uz27uTyh9yk8fnk7gzOHK"
    "qj88LRV+8LE8niIejH87t/IPiJ/n19dVacWxbX3f3b5FD7LDEQdEp0Z5kciA0mmqS5g/Sf"
    "FTO9OTGTrxGVEFoxtxFzHsSMmJMJaOtS9jEXzozbz7mdnIsw9lDSjDyFj1bO7eScB9GYlO"
    "tk59Ex4dpyO00Y90Jkkp2fnl+d3Py04OcLuV1cX313WsHQT3+6OzsxKYhTGmA21xTDEo96"
    "zfkwF7ILerir9nS/lrN/3f2xUZQDPb28aCkZhPyOfK2mx/WAp0B0aYRGjIzoVwt3DoouAe"
    "duGMWfhi7gP/9iErATxrDujLDsSz1iK6z1JpAJEuBAOPoGrxqRR7FSzM6vX76cfzaJJTxP"
    "E8pcH+vRnM2od6BeXw9SyZrYfgFacC5kOtgOzbI7aXCCYlWIwsCfyzcP0SOZI8oRFyEj3s"
    "Gg0LVGNxh3RcXejuG6riiDfqY1Rsngb6NZ4ALASAkD/rz9+2ALA6fdmCn7piLqSGFnuNAq"
    "75QQZBqJH+WLKcNjF51UJPCs62ItU6cw+DIAmvNOGfA1g5Hdc29zvYpNO7G+x3mlJvgS+O"
    "FYzsEfEfZ9xEjkUxdz5IazQCAaICqGCAcewiNBGMLIZZhPUDhC8vtH8CE+YE7iy2WXpTrA"
    "THB5B3kuK5GO2zKuf3Lz2dpqKB+TfP+2NCQfY+XWJhz5/u3KaCSc2k4wsjAjJN1c3yIpa6"
    "JYIM6zkkgDhTTzqJAvToMd1UaMuCHzrPOtrfMth2LXaumvh4dHR8eHr4/ef3j39vj43YfX"
    "C/1UPlVWVJz8pu2wO/8OVFVOdIZ11ykd66uvpGu62quJVTiRGsP6O1PAUzT0vZ0VjOFHOc"
    "8SpZJdmFpBP2MUG/8I2F9Z7ze6w7j2Xk7+a6vurfpv+mNIGvHolLU4CMZRI6GxCifuYxTC"
    "rLCbepzTcWC1eDstnsPQ6nCrw60ONxixhK8LixnTDlvuH/A5SIwyqDvJhCDzQ5IfweYxHY"
    "qZkZhggRiBRFLQ/x7x5f/8I6KCo8X7gONDsiY0Chl6hhueMUcPRP4kZe7VcVsdsbaFvrfU"
    "rY/ULRVPQ/52xjCH72g3yZsE3ea5tc1nzGLYx6zVEQ0on1gxtxNzAUUjeW6V0euIMC4n2Z"
    "AtHQnPk5ATFPv6OJrgJwJR6vhC7KN4bkA4mKOpVF7foPvMy95DRJvFN4GbIvS9ONZNKrwZ"
    "G2+9Ex2bzsntFSyfPfxK3BenYfPdNqxiSSydhvrVrgl50bNuV2tCahMv1ey2XzlYpYzKbB"
    "+7T2rjBPtSki0iw3toh+cwMRzKkBZtGJGAK8VbVNfSWJZKODn8J75Q7xDCkMdj1T9E8Qui"
    "mewBQ9+f/eScXX26+emHu/PrKymuTzdnd1UhkQ21/J/gPwH4AFS6XpDPpKAcvVoYikO0GO"
    "t/Hko+Q90JuguZCCnkXOAgCAXieN4dIzGT62fNfdNc5A9y/37Oz4/Lt/ilwFAuwrFlKJah"
    "9Nf+t5k2O5hpc3R4/H4Rl4Mf5UjcKGRTXYHeXp5cXJRjb2+00b2dYt/XD72lfTEYe2sOJB"
    "dYzLg84GmHiFbg2WrAtoS00CvzyLYMJDMim+HCWXDafQwplzrZOzHYeH6beD5WFFlbre7T"
    "As0lFF0u0MRjSRPG8qUs5kU0akMSLVCP10nttz8s38laNNv6wyDjH3R0i/lj/xxiBVBqhd"
    "AmL4gE3iIR48XPJFkwupy/bQLc5hPgqHbxzb0a4rRYmdO0lpwS+SBtDblXWC+h6HIyCWfC"
    "DW05GlLAokvI02iOncPzYdQYkU75SsTIEw1n3LE6NId/EZZulenCoxN62oHsvZp4ioB0qG"
    "Dl+IvkJcSZajsMP19/Ob04Qz/cnH06vz1PajQvQhfqJBySB6hQb3tzdnJhEulv/RDrQ53r"
    "f/1AH0FjmmBzwqHO9n7b/PlOdm7z21pZ5iGdQDfsRJxBokv+BykOpMUA3i/EM2B0Cboql4"
    "bHLbYj2CvY83B0yDf2rw5fJZQGlF9FAuJ5gCLMBIXfHD3M0X0mheJ+iDCahoGYIILdyQGC"
    "3Skgae/+V2lMybOQkqf+f7iPl+0JOV7gAngm5BCqFXsU1iPAUoNyFuLmm+8kcxCyy4a2Su"
    "B2qwSqXEE/HDdcs3AJA2uwmzmBULNEW8nYLLEUvj7mAcY15axw9ct0LAA0I97q5X+p0kqL"
    "A8p5Zwj6C96icsVe7Q2dKKZ4kltbNRUqBx6VRmmb+vKL0oFHq0sHHvWkdKB++fgV+knRmX"
    "oNJb8BfPY1CtmuFhyyWesGprL+Z63bvZY0xFwsWLxqqyWzKeurlvrJ3s2mLZwW+xerqgCm"
    "22jV/nkwNriTAKwtTEWl9gOoXZKoSjw/kkiookIYeXgO6w2hRCR5ImyeFoaGRYfyf+whKq"
    "rrGm2oXdPUMMMu1qaG1mth1GuhKBhRsqhnhd+GbErYJZk+EMYnNNpRbuiTkbCModWufUsE"
    "ax3CpugClQzFVaXvnbiYkjZhuL6+yInu9LwYxvhyeXp28+qNktkyyF9etZLiokkSwtAnON"
    "BNVKzCowFPkI1amrB5mnA9Qom4eFx4EDOiAgix8A7QffJR3YMyh+YT1czDKYGsGQTnk8qD"
    "UjGrOoTy/qqoRodtQTWF+9LQu/+ofErJQXV5fCJ9xkhpjqRsA0fPqhx26HvgjaLiG7gbSj"
    "PIt4HqDlxQ+UqUHzSu3JBIbuN1G0oasT2fsfUbzLGbeNg504V8VtdxyL1AOhFkqjicB080"
    "WXKym6xHfpyS+luXWDvmU0DRGPuxns9eidl6Pl+EmLtyfZoT8yzy7NfcVsx5EDvzcOvsyv"
    "ckeUmLtb0mi7Pol1DIdKIe3OaVK3JB4DfvK5a6hKoAKZNmtC6AaTD4TXHEL4PBcGo7weDy"
    "IpZ8h80lNdZi/WIwrsC2baZuHtzDd+WNEMkUU+3Fcim88sEr8VXn+gHwoq+bR1iadLDXg2"
    "i96+QuQZ3rdGeYV+zuKcJHEjjxrtltAd+FbT6L/dXO2WlSUCixQh+0h3IPvbErbe2HZksG"
    "2y4SGlHGhdMmtWyvFlDk4ehwAQUF19q+D+Z8J7tf8QZbHtmxvAhY4s0M5ZSh71WUbJUZYp"
    "fD9nE5bGW+eMxK0txvoIXEQ4qwoDDw51UZ401uMR1OywRZhjYxaKuJQXQhivq8oAv6RO6o"
    "+0h2NVvcOtMH63tZe5JG7DKiDFzs77eKKPWzew7Zznbfv8TsdWz7NvnYlvEYH8r7l7tWCn"
    "J1mLz2XRh6KmkcsrMmsB/uBD8S9EyhmgjiRKLv8SHCHLYBhFxy+e8jiW+h4gAt2WQl2TT/"
    "eNPENMNwLDHdLjH1pSgcoWRRz0wvIdawm5zU5vFocNLdy+Px5Ni1ItY3O5b49SqvA0qUTy"
    "P9QgrlxI7X2gDrJ3Zke9FZZsfRYQUBnkZ+i+0bUk/10eHKsCGc6keUNttZg/HZEqjxAkFr"
    "zeWX2baz5iq48g1xaURhUSYst/SJ/ISYWoARt/cR4fTgFM+RixmbwyEaPMZrNeI9MXGQrq"
    "Yo0+VOWjDNmC+TLA/LlbfIlcFr34wk34Fj3zLll0Ojdo8pWyd9e7a8ISd9ferujEmsXkZG"
    "aaavXdK7/fNwbnB1bs6DKN88TCLdUFdDhKxqkW2zW7qgVbGuXptb1SZsvpxUTQNJmnmS5S"
    "jZN6Bau147w3KtF8G17LIzA2K2y86agLxzy87sUiiTud9QSkTQJ21EDVbzSUjC1or5pDA0"
    "cEfaIj5bq/VnsBpNqZ5fjyvd2Bo3Pa1xY6K4zeUISz3hg9Yjg900TKx3UIOxbsg7aE7KEe"
    "b8OZRjy51gOVatgdLKQFmBZq8sFZtIYTO2bcb2Nnh104ztblb9WTvFJJrPUHZT/g4faR8s"
    "7bSX2zC1i1BoW9sV9uFtWj91gjnik/A5tuUYHU8ESrWtytoJnwlHGLmhV7Fdj/5jjFt9Wc"
    "NgaLN5tpvNM8LA1GJpNIg1jfBZwEJf7SGxm0adPD+ibGp5fst4UwHGWuVtq5buppw7iitW"
    "m3F/PTw8Ojo+fH30/sO7t8fH7z68Xthz5VNlw06V5JAkyHO4IJE2KTn/DuhFTohlvtHSAB"
    "nrG37lXtZ+fPrWX7JxECdyIFgjsLif0hIWo/ne4LePH91sF54D9COVbc0Eus/Oy/dQZx/z"
    "Ryi0r7if2qMnmKv92qujBRtptQNGuWQl7Rnl5szE/tBKA5ZjJbckqVwaccsb4oawa9QnaX"
    "vsKL1U87JlHG1SXLh5Uml9nJv3ca4Z605moGGSAmsu0L3ugzvQTrl5zSqoPikolojGAX/X"
    "6mj38oOoCHXfEE7EDZF38Z31ilhbuZ+2csUs+q3k088TeYuqWuJ5EhOu9sca0ycSfIR9t2"
    "DgAg0HZ+9yUSZMh34YQpmTWYRgfTAbIuDv4QgIOpD1P0niDy7h8hS7sVZNz7+5r3PtydeW"
    "Aa/M6jBQBbw0HTMQlJyQlaTq7YVbOQB3d+usOFjkQI/tnNvKD13A0Tqi91TQvV/gYtMFDY"
    "i5//mCyv3OCQmsoFvt91yAsY+iZuQJeKsVdBtB50HsoXpmobDqubWUcyD2UMoQK43kC84i"
    "K+g2gi7huDEnfeJ00JbdPm0+ksGiy6WUiXVlwyOVRmdllKT6G2iTCO7OGCOBsFIoSqGES7"
    "cJ+ZFkMjScpYm+Vh7FpT8r8en081g0a+WxQh4bEkRK9BnBXL8OxF6p6TIktRLQV9YvecFQ"
    "R2tcVLAXj5O8shc/nPNwdEk87VKtFiUlrgMC8dSAeH+hAfKkFnDlQ2FtDw/VfhgjPKX+HA"
    "KwjIwkNJO4zhw/QJ+VquBr1KzrujHT4eA0bDi0K4+2uvKIx3JoHOfd5WrCNjI0aO942tZm"
    "cNasMJ8b2mzlifru95oF5PvYPZ+1JoItKqDH+jexCxzQSCCRFZu0QVY3vEe6d3Dy4cSbT+"
    "hvDNdVix2RVs0qzZa5dsFcm9ZnvpVjTHbrezLfUfZq09cMsNf+p68x2QyzYm6b7JIFsY9p"
    "EHI24s6IhVMrZf0ciByImzNFo9mDT13nkWgvM9g/czSPSdcmqVr1HzH6JN/PyiFvylZhY3"
    "z5aPJ8FGHWsEzBNwijZFpWa0QDQtVCJfURo0By+CfCqEQCFi3N0TRkFeWzNtu0cfNhSUHX"
    "Nh5qt3jRNyZ2aXuXpjZE7SonHssCPpB62+FO+TIGO2o3+KEthtCuenIOwh6ySWsaGmCT/T"
    "cN7dY9BsRst+5pAvLObd0jKGFtCdBaW/cMRowQfTdqm13Fk64aTPypZZfcn41fAr9M+6nN"
    "MOutV9WU7vy9T2lsKRC647hsmv7BSxs25RKLYGhjQFuNAcVB5noD7gtXR3bRfMNBGMyn1J"
    "pwLXlfCcc+2nHWVG9vxllb/QUIufe2elyaKfErW2m3SzmtwrKHn7aqpeGHY2prkrSvSZLF"
    "sYeyttvVmZR459vVWSdsr+RtnbBNQO63E3ZlEc62fsKe1t6sZCWd+mFtmVPjZU4blLd5wg"
    "IzZ8a0x/FeOWnzcNQSMf2lxh7lkY/njnWPLxZ45QHpEPu8gaWL/p7sIlkGo0H2XPU+kk2w"
    "H1EmrR076hP083AYVK3lyAt3sCvoUx92TU0+6G0M9xwMnY502ZKc0MQoZFNpc02pNsfek4"
    "mmEo9OJaAcK3aqybqZNjHTLLwbE8wnFvoqRDqFn5ERYSRwiXbRyn/eXl/9MfhFnId5Nww8"
    "oAh+Jir/MKO+oAE/8KgrWgTmoRldkeRRauCTka+K/ot8yqvcB9tMzlDR/qFNzdhqagYs2m"
    "6WmHFLhIh7tIv5GTaeO2jvD+5/PNe6/Q2I2br9m4Dcb7d/Re61K19wHLLW3ui18q+35fbP"
    "dnaTGdgtVrn2OgG7iG/jFau2Qqstv7SL5ZeawPmE/Zl10uSQMLdKYHA9UlWnpmT6EBeWgl"
    "/xB/MRjeEHFKJS5abia/iERgfoXr3LPaw5v/+Vh8H9EMGGxer/h/uP6JFEUJIKtt505dtX"
    "1GjdXLtdmNSpnTa0lvXWLWvYaRGEsXqr5CxPSXRqTidkNlD+3/8DM2WQSg=="
)
