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
insert into leavings (id, tenant_id, user_id, left_at)
select gen_random_uuid(), tenant_id, user_id, as_of from tenant_members where not is_member
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


MODELS_STATE = (
    "eJztXe9z2zbS/lcw+tJ0RpdJnKTJte+8M1bi9txz4kziNNdLMjREQhbOFKESkF21vf/9AP"
    "CHSIqKaBIgKXo/XK4mKYD7LAjsPrtY/Dlahuw/xBUPj0lI3fnoe/TnCE+5CLEr5B8z7HMy"
    "RiO8XMq/kodH8soUu9e3OPSc2bUzo8T3uHzg05fsHXbECrc8LHDm0p8jlwWqLxoIrrte4N"
    "8dnwRXQr3J40eP/qt+NHVc5q8WgXoD9SLRNY/M8MpXLzlynDfnF877kwvHiW/qPhyxXpKo"
    "XfXUL8fvXv7j+N0D2ey36jEmZfSJuvMmvnUU3dOdpq0HK9/XF7gb0qWgLMhcZK58fRpcbS"
    "5telYtv5zj8Ed1RXV4RQISYkG8DLA08MjvuSsBXpCMpKpZPNXvmTyxXIs5C9I+5BuoB1cB"
    "/W2VPiZl2IPu0bNnW+jekJArARsiLJveibC+1w+EM9IaRHkLVHlfkEDUBfXn9+dv1O0F57"
    "/5WSwfvD7+VxHml2fnE3Vpybi4CnUruoGJSchVgzUhz2CxH3KPugL9hXzKRQn0X+7y/sU5"
    "KnrD9M/F0aLwwAIH+EqLEDeRSFCYLxX8W9PcMu5O67D4EV6pZv529Pjp86cvnnz39IV8Xo"
    "OQXnm+NYKoV3fwnL65MKn500CUKl6Eq7ze4wsJaJEA+zVOg7ymVTPq9UX8sxFOUY+ecQS7"
    "ImJOQg29ejTVjxDYnS/kYDsjM8Fu9COtrm14JZgTsNtsV/ElB3vZr2PfDMJp4JK6Q+Di9P"
    "XJ+4vj129zk8ir44sTdedIX10Xrj74rjCxpI2gj6cX/0DqT/Tv8zcnxbkmfe7i3ybH3Ss5"
    "zgRdkJqzTopfhTkn7ulh8h8Vl9boq/770dGTJ8+PHj357sWzp8+fP3vxKP28t29tf+ec/l"
    "FbzZPTn9THntOa4a9/Qq92TQBVdPBHRRUUJ4HqK61cWnAgnPrTpV5Wn0SDPzusP3w4fWUS"
    "SdVeTRxzMu4Hc7Wi3kP9+lVW0NFxgNhUTYNIzLFAAUM4nUdRSGbSYkKCfY9YQOT/EBUc3e"
    "I1osEYsVBfvZ0zTrK/ohxdyRsPRwVgbPdlY83fXlPuvP4bXNzvMFpH/zdbBa7SMtIjQv3z"
    "9P9HbQzgmqZA+cDdNghSlUjPJtIJr2IeTHw2PVyDQLCVOyeeg2t7FWAVFEC0bRrcyeBvYg"
    "i0ZPJ3suLXwlLgKykfN4fnoy7AzEhh04RqSFZMYv4hnVF+OX43OX1z/O7XlK1Ip5Wz8zc/"
    "TUr4ismvFyfHZu3WAIdro4xFvKgVYJ+uBeE1gb8mS+FM1wO2XDMS7kXya2ZrFTT5HB89+6"
    "724njyr4uvU265QZw8XuThDMJ+QX6vPXOkUNgkOcH1aux6oXiqke5N4BK0JCGKenyI/ik/"
    "neQ2R3N8Q9Bl/Dld/oCYsnCVc0SlK8XQlETeE5GteNpXii7yW/mLEjesnX4/B5+Dy2QVu1"
    "Semvy1VNFiKvtjM/lTiQ8XPHIGdVdcsJB40vFDOPCkfyjQmsSeobouW6fyHT+q52Vz6r1U"
    "p6oP9Sv+OXDZSr66h3DUWSTVN9yWe6h9ijE4hJ06hFOphF0e4KfMZLj5mL/kHMOXbKG8yd"
    "HB+oZuSBT04Bs28Q3zIJrzDc2pmXgUtNxQyzkM99qk7et4tfTgU26q5DyIvaJ51Pg7cF4i"
    "FaFjlqdh5so2mI87APNOCSn1OR45G81ZOGxfLSdjM1+tCqRT5tWmbgbFNiRA2OQapHlOxX"
    "rY4zcno/3xG3enm4NhvIWHzdFMucTaJ+rNaiI/OT8/yyE/OS1C++H15OTdg8daDfIhafaW"
    "r3qJdDWJdsZ8goOamOeB2A/5VPZWE3Pl4UvRpFW44kStErWtMPXNffpictQehyGuG6wol2"
    "s/lDtSLKtAucQhGTrxm5PReuwi5pYGDmlOSOuYQniiYXii1dzqhIMdA5feKZfuRnqolFAV"
    "6+zEowfMnYdk6WMXGLdmjFsBRWuUG3jhXXrh8eQw7DU1L6R9PxzslKZpFDodAKNYcYhj6q"
    "EpmbGQIM4WRH0ZKIr7qOyBUUHWGj+3Z//otRRsoF7YQE4a6KhoCL0X+IB3nEESgQE7yFYS"
    "AazMsDL3fWWuAmnMUQ4Y0IyEQyBk9JoGBkk/DBIulbE70TE/PSbjMJ/q+CPVLYKJAiZKf/"
    "McIQfOgJp7nAMHWx0hCa6LJDgfB1crafUAX1wAY28stj5lvMRiDnhngLDJz6s+nGsCAZEi"
    "GFZBv9e5G5Z4AtjMC5t5+8x1dUzOaDd+DKxMp6zMTCqhUnhIaevlXNpbrVMv4KztdNbKDd"
    "3D8tU6QrMld019X8NekDIS2jepwPsdt+79stqVyweFNjNd1hxohk5pBvB4zU/P4PF+3eM1"
    "PTWDw2so7TK2BpFHdX0mVaRXTUI78yy/9rwlVzl2vsY1C/c3LPFdf4h1W+C7tQr/2gx2tY"
    "52ZzckC1t+Xk5cke0sh4uQtO5uG6z2S0nowBkADav95kDcu5a0GAGPRrwqVWeODOiiFExe"
    "jo5D4TMacuEMIiC+JcrQsgy6GKxW4WxoIwgmsO/YPwykPu6NTgLJi2eTNASz3nwaPI0Ovb"
    "j3fmkCRE2vtMSFOg+i4ruxJZoUwlV1dz2k40tKClUvl6uCubp8LrklPCqPq/7UK0XiU42j"
    "y+pj49v+l+3OLDlv2pAfN451tkpa9SfmaYbGKnfZhNRMpQDoT3R2wBUCIOt81NwX63/W+Y"
    "IIrEeRJ4cy6LqBrkuQNOZ8wy6DXqm6x7sM0lGIhSCL5aFX3S0VZ2i0wHA2H5ihBZYhrc8A"
    "9/140FQ4c1lZO223QZ+ylBfSPiHgrkJ14gtsMyiCYTFcTRfSU3ZWoQ+gF9GwiHq66HKBxa"
    "q2BTEo7EswsagB3SvAvgHCJtYsPssQwE6QsJmAhOsfUKrQ608J6kSS/ZZHg6LTAl+TwFEM"
    "YANjrrR0d4asna6oL2jAH6oXbcDXNkOzIKhdWCFeZrzGERhpJIODuWjZZe7TuEQ4JGhBoo"
    "DV7ZyhW8rnxEMzFqoDJOXnjJH6MqJA1zUhS444kc6S4GgWsoUKaS2iKJbHUMDQgoVkO2zW"
    "Wq8W4mc68DKGfYKd7hO8kkqoHCY7lgjcULEeHWy4jLnaJQZivRGxXkDRGrO+pT453AZ/UF"
    "hGxL2rk6FjlgYNaMsnV82p58kVWa2mRh2BzhyogkBWDX4W+GtHGisDHo5ZEa1/3+BAmYdU"
    "tVPXdBiSB5UAsR/yqj7UV17ajveR2rNj8EI690IcnNFGFW/kTK0zB+uJQOLeqLkj0v/EvZ"
    "DcEOyDlpud35TBsIfJevH7QWqmGT1DYubQFW0rMdOcmm8op/KVYJdzQ01v4Wjsk4YM0Vbr"
    "nUGuogUuAfKHducP3YlLqMQtui5WX8qw2bCClNYZxqWcfoaOaU5G4GyBsz3YebYpZ1sFbG"
    "3yUT8m8u495Hk4zJHlo8ucu3yJqMr4IYFK+1moZB/5t0774aqQ2ZTIf33vBy0eYtIYV6k+"
    "a3RLSrOKjDX9OfgcXOacgE1rsqFbzBGfs9tANaQ28csefPl7PT0gX4IcyhZtJiCdxcFKoP"
    "+7pv9V2LhyJtJ5bOaMgP+/z/RC//l/4AsNqLnHG7mBQ9oHZ8NdxtOVJ9eBuvj2fZvxRrq9"
    "fiVwd5WWAthn3IGTs2OfsXHfUs3ndQFXa6PpNa0mXIkYd1zJaoJ2LV8ERmkGCJsjFCj9Fi"
    "n9lJitvVe1X6nWeXmsZlqHJJ6zYbRuw2FzzAK9b6EG7IL8wQIYyUUwTLLNa4JDx8Nrzd+m"
    "r/Q9WrBAzKMdo3iNMNdnZkSVWsdouka3c+rO5b9YIP2RcaRa8tcRibwKvBL62W5flpjklJ"
    "IcA5vcPZucxMErM8pv9do7Aj75PhONwCffCzUDn1wF5L7xydvUMA3FXFoCA2CEsqLcLUUW"
    "OOH+cMIzFi5I6Kw4GXiRgm1BrafF+TS4HjaoGQmtowk0ZYs0JZQubLN0YUh8rCTicwoHXJ"
    "cBYhF7dYhW7ZH+8/vzN18HvYhvYS5XDRgFXTVYE/QUiQreBXUF+gtBncSvAtp2ncTB23Cm"
    "jLdtsvgrL2+Heo25uzEQr90Tr1EMsxLtekbwTSTXgXKuPlFlS4CJq8/EZRC0RsNtpw20ed"
    "peV9P7zrP1YNcamCA9AbTcBKkBZ0nA+ny2vaHoVq5CBF1uPg0dYFZdP0SviE/ke0dbk6Sf"
    "Opciq7tqhlK7kzxWcmipnT4sWEnJUgsmUrcmkh/poZp5JB3CU0EWh2sfQUzagInU/5j0gt"
    "2AkpspOQthH1W8XE196jqQfWBA16VY9lHpoG0D2u5xrkk8EAeRcrIti8HMkzrg/rbCuvC8"
    "OVgbjeL6yGYF6RjTQYzUlpKj5FQ/9PSerIj26RjMOb0KZIeCDRnTvJTWeUMdMxg0yZWRsI"
    "UkKT5wNDMS2v/kIUsKzncdZpIUn+MQMnVIHoo2UnXgrO4N8GVHdBtPvoTAZNNI2sWcoMi9"
    "RrHvordgKm4CqXgGQWwlol2XlKNrshTpWaJ6g6auGqj+0CePRrUDt2Np1nqxEU1LIjNjCK"
    "d1G07T1qDURKWA2ts4UgbxtPtMyPY/nuZFaQKg5iZqzoO415SG6MpBarn/QTQ4ScaMpuEk"
    "maEEJkJ3Tm9Ibbt3cn5+lvsMJqdFJ/fD68nJuweP9fiXD0kDsRzlRLaahT8Zk45JUJdoz8"
    "CwH+6p7Ksm3lnh6k4/Q6IdCnjYpDSBPm7xeJ/bYOjp0lkR7Qc/gDgzDikcjbJt0lk5GmXH"
    "iSPbyfpYJd8LRIP8YSP5cnRNW7PAQL7dkFRAQHZIQMb6uAv9mB46f7A0JHN1sVSgLho5tA"
    "UUrWWGbjtgrmADt5SyIlpPunHnOJCTdfKxNVjZ+1OJelum/eOzQVSc6AzTYY/JnIz2bc24"
    "O90cGJtbeNh0Re/3/nJwRw/FHYW5wdCxqGUuaLzxWzmJ5EZOPt/wEs9yx0P2HMbU+RiD49"
    "gHx9HBGYVUdCB/xDcsjGIaB+pAQh7LqLn/aCuPBawbsG6GYN1A+ZxDKeFXXNfANumHbTKL"
    "FbKL3f5UmCaT8filzGp5TdQxPWCzgM3S63Q9yMo0oOYe17yATD2w9Du19EPmA+mWBcImEw"
    "9uFbhVd1+9huVWxYb3GJyqXjhVC60OIy7VBT7g2ungT43660/tVR7zWQhWTBYJ2EcwjH0E"
    "4PRAeKNrO7wfhqMyL8Bq7IfVKHC1mvHvhZy5r8ix7zOxIEHrtS7KGbq/Hx09efL86NGT71"
    "48e/r8+bMXj1KqbvvWNmenzlKrO4gmpz8pzi63pBkurTqhV/WpvEQ2mzzenPkeAXMtD4XB"
    "XK+PqigRVud5kBBJh+2GugQt8BrNqO8jNkM43iH0DUc8+kAfIlXv6Jqs1WYhlf6lvqQp5k"
    "Slgz1Il5Ixil742+3csbY6tbC+bE1SzVeZNg2M/iw2RkyOrTUnHi0OTvSzm6zYfE6bV/lS"
    "tiB94GQQS9GKNyhcUGkpetTNOpQIVncdKpkWJ2tBuJ6J5ISkC7apgm5cqMkBSe0INbSyM9"
    "VYPyAvJFXe9AhUByYJhnITXUkurfXe7E2E6uOAKbCPU+CKkx1zX26Su8D8uu3pDZjYe8HE"
    "GqwqJ0cwqLhJRbkUwL1cL+QtHaSGe5y3hIXA7lxZ4/LiKqitZZMGZ31rs0wagwwIJIZZLu"
    "EWHRJChk3oF6TcO+k3riMQmxCDPrMnL6T9yBNUvysYMa1Vv5MDkDaB/dX5h8nZCXr77uTl"
    "6fvT+MCJ1ADRN9WlTX3HdyfHZyZR/tFnuPZxdBnh9w/ymeqpLswhVZs0oKJYEQxIEmg4Vb"
    "edJABHo8DRKH3OyqgEKRWQ3k9ySJgLtLaaBKM53TGkv3Sa/iKkEirlvShtHaekwgi4+PtM"
    "4/Wfiwe21oCae8zWApm4D05ICbxLSmA5N1OfwAWq0YLtfy1fBUz/DBA2fdcF8SiO2gHIi3"
    "DAXiTYi3Qw03Tre5GkqzhsRDMSwtauAyQRV6EPU+wGh5qrWQ/4wwwjNQYmsXMm0dmkHVUm"
    "FV/q9KQhbF2YruNKfoPbu5BK1juaolGqXt95ChuZe2ACQ6QdIu0HOYit1j8Y/VPt6Jqu1e"
    "6tkF5dkTDazBqyW72piwUExV9Rsu9LqhXhkKjdXFOCsOcRD62W3yNOiN78uqBXUjhaduKf"
    "7c4smZsvkwn5bpammaWu/tjudp2Lzc7GdmhxiSu3QPWaWdn4PMNT4rdtfEIwu1dRTghm3w"
    "s1QzC7Csh9C2aXOHxQGA8K4w0yGKX6cK4JbDQoggERwKS9A6E/wBs/pGqEG0doDDGU7mMo"
    "vlLF7opQ2Ykx813ni0Jd6MF56CcCYe6wGbg8tV2eFL8+OrX/YTQAn7aZgnMY7nUDTNUm9y"
    "hf+njtgHOQbPkuAGLRISMLTCF3JYeEbbTBJcsiXuKTmUad8ujQ5vr7D87Pz3KoT06LsH54"
    "PTl59+CxVsGmwIHpoAhjPsFBTbhzMOxfwaeys/qAL9IzbO414BsYrAKuP6Q5DjzYykxK8L"
    "BMaALyBZqtFeThWL7dx/KZxhqOkGuSCVOxhnv8Ct+O0e2cunN0wULBqHzOxUHABOJ4vZ34"
    "YrhtG2xgljoaQ9HkWrygnaLJcav7DrjLdV5+vt0vcbD2YKlByHwZNaePWjrcrlY1VpXgV1"
    "e1hr2KBlVYEynM583fCU2P+EQMAM+MHB0jOqM+MV0nuCNQ86J0jGucpXXwoGbk6BhR48ll"
    "HSHa52IpggnsO0MumZKX0GaCnzQI52zg3mtORvvpOFA3pdW6KZxLDxvwzmNhke2CFD5I4b"
    "vnKXy/bIwjSODrMIEvNlJ3c3P5zzixafPk3EcynTMG550BOdfvbWke5eqVQM/NDj3Lo2gs"
    "i8+cnpdYnV3qrALRIPUMFF2EsY+aDskNZSvucCKnHwEqb6ryXXj2UPewydiAwmGTcRWQ+0"
    "YCb3OQkH46ain3FAplWyBvdH8sdCDnLquADCA2CeDUoJd9cjgUkezAxOa2jZukAGVd4D99"
    "MQnccRjidd1NF6ks+8esT3n9KoA5S7X20qeGXHbQyjE7OX1z/O7X8lGbPJ+dtye/Xpwcmw"
    "18Bjisi38JMHtHblouE4IZdwxm2Dn3F8Z0Hv7SobzLtGswliGGBJXLW6tcfic7bkfWf/Rh"
    "RIUmOcHSYHmILrO24yWK6gsizeToFH6XLdeqZqX672gwfMNRnKKNrgNV0VI/FrVSviOgpX"
    "4tBB6TWNUYAo+dBh5vIz1UKnwZ62zCvPUIYoz3ma7s8QaAJsmUvclZbSNfcqo+YzAJNkDY"
    "5HbAom26ufLjHAu125GTQKAZCxEOkOY4xogFLoku+T5KFrQf0KX6ii7Vjknti2xbUGaatG"
    "ccTeKB2dBA0iLdt42UWaFNG0uOnDEouYvJ9Ir49IaEB2w2YSHIYgmGU9PKagUYexjPBwO5"
    "xwaywSQ8OW2Bipvk36UA9lG9PsGcQB5WQx0XUOzhbM1cdxWGMF0303MBxV4RGrHJUDssbf"
    "IwwAYVDTJSGGQ1ahU1WEUHPjkLg5h2RBQVZNk7QVkFVn7iS9kKcZqdYtcbcEvkMQcw8HF3"
    "4OOMJ/qEIRwGQ3JI2E6rGjb3uYNuspOWIpvyyALX35tvMNE4AaKLTOMcDlaTjSG5yvwoTl"
    "dXWPiK9kYLKyAcNNzyQcN8NU24fUB8gwUEXZtN2i2nEep2YAhvgLA5fpNw46AHcF5I42kD"
    "l9S7VDF+ldJ4Gff1N3WNzVSsP1yjmJl6iD5S2dFKIIwu1QIsfyZUaoAX/VgdLS5/QwWPcg"
    "S20wnsdfU5+Bycz9Ctyle4xRxhfk08nZ7AAhSZwOqHoS4HrX4ddyT/X52UrnhK9bb2MhXS"
    "+PYY0jn7kM4pwdMK2Z2l8CnnsmY+wkJJGRZe8yV2yXvCofDzvY+T9D+s7WMuHOy6criCsh"
    "sGP0ug7KPKoQCFAWVDAYoqIPe+AIW8r3qKYoKD9htKJLVOWcLBlS2ear/EoTJQeWR4Dnsw"
    "l8pqfThDVMM8popMrj1H/Pz+/M3X54jidFDAXTVgdI5QDTag1StOEh51BfoLNShDIfDVQO"
    "p2JJLsR60JXMCMG99gD0fnmYTzNiGenCUWczC6SiGpa35t8+RfeX0LpHGRVBwDa9wta5yO"
    "rNgC3b237b//A7cjrwo="
)
