"""Gifts whose pages are to be read, and reveals that are to be told, wait as jobs."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True

GIFTS, LISTS, JOBS = "gifts", "gift_lists", "jobs"

# The attempts that took a worker down go on to count.
READINGS = """
insert into jobs (id, kind, tenant_id, unique_key, payload, status, due_at, attempts, created_at)
select gen_random_uuid(), 'gift.metadata', tenant_id, id::text, json_build_object('gift_id', id), 'scheduled',
       coalesce(metadata_due_at, now()), metadata_attempts, now()
from gifts where metadata_status = 'pending' and url is not null order by metadata_due_at;
"""

REVEALS = """
insert into jobs (id, kind, tenant_id, unique_key, payload, status, due_at, created_at)
select gen_random_uuid(), 'gift.reveal', tenant_id, id::text, json_build_object('list_id', id), 'scheduled',
       reveal_due_at, now()
from gift_lists where reveal_due_at is not null order by reveal_due_at;
"""

UPGRADE = """
alter table gifts drop column metadata_due_at, drop column metadata_attempts;
alter table gift_lists drop column reveal_due_at;
"""

DOWNGRADE = """
alter table gifts add column metadata_due_at timestamptz, add column metadata_attempts int not null default 0;
alter table gift_lists add column reveal_due_at timestamptz;
create index gifts_to_read on gifts (metadata_due_at) where metadata_due_at is not null;
create index gift_lists_to_reveal on gift_lists (reveal_due_at) where reveal_due_at is not null;
"""

WAITING = """
update gifts set metadata_due_at = now() where metadata_status = 'pending';
update gift_lists l set reveal_due_at = j.due_at from jobs j
where j.kind = 'gift.reveal' and j.unique_key = l.id::text and j.ended_at is null;
delete from jobs where kind in ('gift.metadata', 'gift.reveal');
"""


def _for_all_tenants(sql: str) -> str:
    """The owner of the tables, too, sees no row under forced row-level security."""
    tables = (GIFTS, LISTS, JOBS)
    lifted = "".join(f"alter table {table} no force row level security;\n" for table in tables)
    forced = "".join(f"alter table {table} force row level security;\n" for table in tables)
    return f"{lifted}{sql}{forced}"


async def upgrade(db: BaseDBAsyncClient) -> str:
    return _for_all_tenants(READINGS + REVEALS) + UPGRADE


async def downgrade(db: BaseDBAsyncClient) -> str:
    return DOWNGRADE + _for_all_tenants(WAITING)


MODELS_STATE = (
    "eJztXW1z2zby/yoYvWk6o8skTtLk2v/8Z6zE7bnnxJnEaa6XZGiIhCycKUIlIKtqe9/9AP"
    "DBJEVFNAmQFL0v+mCSIri/xcPubxeLP0fLkP2HuOLhMQmpOx99j/4c4SkXIXaF/GOGfU7G"
    "aISXS/lX8vBIXpli93qNQ8+ZXTszSnyPywc+fcneYUescMvDAmcu/TlyWaDaooHguukF/t"
    "3xSXAl1Jc8fvTov+pHU8dl/moRqC9QHxJd88gMr3z1kSPHeXN+4bw/uXCc+KZuwxGbJYne"
    "q5765fjdy38cv3sgX/uteoxJGX2i7ryJbx1F93Sj6duDle/rC9wN6VJQFmQuMld+Pg2ubi"
    "/dtqze/HKOwx/VFdXgFQlIiAXxMsDSwCO/564EeEEykqrX4qn+zuSJ5UbMWZC2Ib9APbgK"
    "6G+r9DEpwx50j54920L3hoRcCdgQYfnqnQjre/1AOCOtQZS3QJX3BQlEXVB/fn/+Rt1ecP"
    "6bn8XywevjfxVhfnl2PlGXloyLq1C/Rb9gYhJy9cKakGew2A+5R12B/kI+5aIE+i93+f7i"
    "HBV9Yfrn4mhReGCBA3ylRYhfkUhQmC8V/FvT3DJuTuuwOAiv1Gv+dvT46fOnL5589/SFfF"
    "6DkF55vtWDqFe385y+uTCp+dNAlCpehKu83uMLCWiRAPs1ToO8ptVr1OeL+GcjnKIePeMI"
    "dkXEnIQaevVoqh8hsDtfyM52RmaC3ehHWl3b8EowJ2DrbFPxJQd72dGxbwbhNHBJ3S5wcf"
    "r65P3F8eu3uUnk1fHFibpzpK9uClcffFeYWNKXoI+nF/9A6k/07/M3J8W5Jn3u4t8m+90r"
    "2c8EXZCas06KX4U5J27pYfI/FZfWaFT//ejoyZPnR4+efPfi2dPnz5+9eJQO7+1b2+Oc0z"
    "9qq3ly+pMa7DmtGR79E3q1awKoooM/KqqgOAlUX2nl0oID4dSfLvWy+iTq/Nlu/eHD6SuT"
    "SKr31cQxJ+N+MFcr6j3Un19lBR0dB4hN1TSIxBwLFDCE03kUhWQmLSYk2PeIBUT+g6jgaI"
    "03iAZjxEJ9dT1nnGR/RTm6kjcejgrA2G7Lxpq/vabcef03uLjfobeO/m+2ClylZaR7hPrX"
    "0/8ftdGBa5oC5R132yBIVSI9m0gnvIp5MPHZ9HANAsFW7px4Dq7tVYBVUADRtmlwJ4O/iS"
    "HQksnfyYpfC0uBr6R83Byej7oAMyOFTROqIVkxifmHdEb55fjd5PTN8btfU7YinVbOzt/8"
    "NCnhKya/Xpwcm7VbAxxujDIW8aJWgH26EYTXBP6aLIUz3QzYcs1IuBfJr5mtVdDkc3z07L"
    "vai+PJvy6+TrnlOnHyeJGHMwj7Bfm99syRQmGT5ATXq7HrheKpRro3gUvQkoQoavEh+qcc"
    "Osltjub4hqDLeDhd/oCYsnCVc0SlK8XQlETeE5Fv8bSvFF3ka/mLEjesnXY/B5+Dy2QVu1"
    "Semvy1VNFiKttjM/lTiQ8XPHIGdVNcsJB40vFDOPCkfyjQhsSeobou307lN35Uz8vXqe9S"
    "jao21K/458BlK/npHsJRY5FU33Bb7qH2KcbgEHbqEE6lEnZ5gJ8yk+HtYP6ScwxfsoXyJk"
    "cH6xu6IVHQg2/YxDfMg2jONzSnZuJR0HJDLecw3GuTtq/j1dKDodxUyXkQe0XzqP534LxE"
    "KkLHLE/DzJVtMB93AOadElLqczxyNpqzcNi+Wk7GZr5aFUinzKtN3QyKbUiAsMk1SPOcis"
    "2w+29ORvv9N25Ovw668RYeNnsz5RJrn6gvq4n85Pz8LIf85LQI7YfXk5N3Dx5rNciHpNlb"
    "vuol0tUk2hnzCQ5qYp4HYj/kU9laTcyVhy9Fk1bhihO1StS2wtSY+/TFZK89DkNcN1hRLt"
    "d+KHekWFaBcolDMnTiNyej9dhFzC0NHNKckNYxhfBEw/BEq7nVCQc7Bi69Uy7djfRQKaEq"
    "1tmJRw+YOw/J0scuMG7NGLcCitYoN/DCu/TC48lh2GtqXkj7fjjYKU3TKHQ6AEax4hDH1E"
    "NTMmMhQZwtiBoZKIr7qOyBUUHWGj+3Z//otRRsoF7YQE4a6KhoCL0X+IB3nEESgQE7yFYS"
    "AazMsDL3fWWuAmnMUQ4Y0IyEQyBk9JoGBkk/DBIulbE70TE/PSb9MJ/q+CPVbwQTBUyU/u"
    "Y5Qg6cATX3OAcOtjpCElwXSXA+Dq5W0uoBvrgAxt5YbH3KeInFHPDOAGGTn1dtONcEAiJF"
    "MKyCfq9zNyzxBLCZFzbz9pnr6pic0W78GFiZTlmZmVRCpfCQ0tbLubS3WqdewFnb6ayVG7"
    "qH5at1hGZL7poaX8NekDIS2jepwPsdt+79stqVyweFNjNd1hxohk5pBvB4zU/P4PF+3eM1"
    "PTWDw2so7TK2BpFHdX0mVaRXTUI78yy/9rwlVzl2vsY1C/c3LPFdv4t1W+C7tQr/2gx2tY"
    "52ZzckC1t+Xk5cke0sh4uQtO5uG6z2S0nowBkADav95kDcu5a0GAGPerwqVWeODOiiFExe"
    "jo5D4TMacuEMIiC+JcrQsgy66KxW4WxoIwgmsO/YPwykPu6NTgLJi2eTNASz3nwaPI0Ovb"
    "j3fmkCRE2vtMSFOg+i4ruxJZoUwlV1dz2k40tKClUvl6uCubp8LlkTHpXHVX/qlSLxqcbR"
    "ZTXY+Lb/ZbsxS86bNuTHjWOdrZJW/Yl5mqGxyl02ITVTKQD6E50dcIUAyDofNffFIOv8Xq"
    "i5x1nng3AM++zDLENan67q+1mGqXDmUkh2LjSDPhImL6R978Vdhep4CsiJLoJhMbZGF9Ks"
    "d1ahD6AX0bCI+oIIrM1gLrBY1S5vOSjsSzCxqAHdKsB+C4RNrFl88BqAnSBhM1sC1z9NUa"
    "HXn3q5iST7LY8GFXIFviaBo+iKBsZcaZ3hDLM0XVFf0IA/VB/agFxqhmZBULuwArlvvCAL"
    "GGkkg4M5av8yNzQuEQ4JWpCIXV/PGVpTPicemrFQnXYnhzNGamRErPw1IUuOOJHOkuBoFr"
    "KF4t8XEeXuMXVw+oKFJQest9aqBbJfs8Rj2NTU6aamK6mEypz+sUTghorN6GC5feZqlxhY"
    "30asbwFFa7Tvlvpkdxv8qUYZEfeuTobOhBk0oC0fszOnnidXZLWaGnUEOnOgCgJZNfhZ4G"
    "8caawMuDtmRbQ+vsGBMg+pek9d02FIHlQCxH7Iq/pQX/loO95Has+OwQvp3AtxcEYbVbyR"
    "M7XOHKwnAllGo+aOSP+zjEJyQ7APWm522EwGQ2PbeiCTrFdKtpVJZk7NN5RT+UmwTa+hpr"
    "dwNDakIWuw1YI9kL9mwb+EnJLdOSV38i8r8U2ui9VIGTZDUpDSOuu0lNPP0DHNyQg8HvB4"
    "BzvPNuXxqoCtTT7qx+TOvYc8D4c5AnV0mbOtLxFVWSAkULkfa8wRn7N1oIrwqM2d6znzCY"
    "pGHfLlt4eIBSUZJkZeaYnAPYtDTUDedk3eqqBf5TyS89ggGQF7e5+JgP6zt8DsGVAz7BGt"
    "AnLf2B4ze0SnK0+uA3Xx7fsm0Vvp9nqAwLJVWgpgl2gH7siOXaLGvUA1n9cFXK2Npte0mn"
    "AlYtxxJasJ2rX8EOilGSBs9lAg31sk31MKtfZOw34lyublsZonG5J4zobeug2HzT4LRLyF"
    "coML8gcLoCcXwTDJC28IDh0PbzR/m37S92jBAjGP9vvhDcJcl2ePigKO0XSD1nPqzuW/sU"
    "B6kHGk3uRv1GtmbBV4JYSx3bYsMckpJTkGNrl7NjmJWFdmlN/qtXcEfPJ9JhqBT74XagY+"
    "uQrIfeOTt6lhGoq5tAQGwAhlRblbMitwwv3hhGcsXJDQWXEy8C3m24JaT2DzaXA9bFAzEl"
    "pHE2jKFmlKKDzXZuG5kPhYScTnFM5SLQPEIvbqvJbaPf3n9+dvvg56Ed/CXK5eYBR09cKa"
    "oKdIVPAuqCvQXwiq3H0V0Lar3A3ehjNlvG2TxV/5eDvUa8zdjYF47Z54jWKYlWjXM4JvIr"
    "kOlHP1pHRAxDUg4m4B7CPX6hNVUwT0W1+/GQStsazbWSH3+rB52D4IFmZPAC23MGvAWZKP"
    "cD7b3i+2lkYGQZe3Q0PnD6imH6JXKxLtOgvYlHkb5BH5ZrSmYo6o+EH+6RMpVvKImEtE1I"
    "/VBFZyLmLLjVswmxPbC2zmbm1mP9JDNXuZcnEqyOJwDWZIUjBgVPU/SWHBbkDJzZSchbCP"
    "Kl6upj51HUhHMaDrUiz7qHTQtgFt9zj5KO6Ig8hB2pbFYCpSHXB/W2FdR94crI16cX1ks4"
    "J0jOkgempL2XJyqh96vldWRPsEDuacXgWyQcGGjGleSutMow4iDZoWy0jYQtYcHziaGQnt"
    "D3lIm4PjWoeZNcfnOITULZKHoo3cLTh6+xb4shO3jWfjQiizaeztYk5Q5F6j2HfRe3IVN4"
    "FUPIMgthLRNlzK0TVZivRoUL1jdz2P/9AHieq9ueF2kM1aKzaiaUlkZgzhtG7DadoalJqo"
    "FFB7G0fKIJ52nwnZ/sfT4gQBUHOjXMMciHtNaYiuHKSW+x9Eg0OAzGgaDgEaSmAidOf0ht"
    "S2eyfn52e5YTA5LTq5H15PTt49eKz7v3xIGojlKCey1awEy5h0TIK6RHsGhv1wT2VbNfHO"
    "Cld3+hkS7VDAwyalCfRxiyczrYOhJ1hnRbQf/ADizDikcKrNtknX5qk221n8WKXdC0SDGg"
    "faVH6bBQby7S1JBQRkhwRkrI+70I/pGfIHS0MyV1fPBeqikUNbQNFaZui2A+YKNnBLKSui"
    "9aQbd44DOVkng63Byt6f0uTbMu3vnw2i4kRnmA67T+ZktG9rxs3p14GxuYWHTVf0fu9IB3"
    "f0UNxRmBsMnWhb5oLGO8KVk0hu5OTzDS/xLHc8ZM9hTJ2PMTiOfXAcHZxRSEUH8kd8w8Io"
    "pnGgDiTksYya+4+28ljAugHrZgjWDRTcOZSajsV1DWyTftgms1ghu9jtT4VpMumPX8qslt"
    "dEndsENgvYLL1O14OsTANq7nHNC8jUA0u/U0s/ZD6QblkgbDLx4FaBW3X31WtYblVseI/B"
    "qeqFU7XQ6jDiUl3gAy6mD/7UqL/+1F7lMZ+FYMVkkYB9BMPYRwBOD4Q3urbD+2E4KvMCrM"
    "Z+WI0CV6sZ/17ImfuKHPs+EwsStF7ropyh+/vR0ZMnz48ePfnuxbOnz58/e/Eopeq2b21z"
    "dupwvbqdaHL6k+Lsckua4dKqE3pVn8pLZLPJ482Z7xEw1/JQGMz1+qiKEmF1kgcJkXTYbq"
    "hL0AJv0Iz6PmIzhOMdQt9wxKMB+hCpekfXZKM2C6n0LzWSppgTlQ72IF1Kxij64G+3c8fa"
    "atTC+rI1STVfZdo0MPqz2BgxObbWnLi3ODjRz26y4nY43X7Kl7IF6QMng1iKVrxB4YJKS9"
    "GjbtahRLC661DJtDjZCML1TCQnJF2wTRV040JNDkhqR6iulZ2pxvoBeSGp8qZ7oDoqSTCU"
    "m+hKcmmtt2ZvIlSDA6bAPk6BK052zH25Se4C8+u2pzdgYu8FEwun1/ZGxaWn10I1uQFpuM"
    "d5S1gI7M6VNS4vroLaWjZpcNa3NsukMciAQGKY5RJu0SEhZNiEfkHKvZN+4zoCsQkx6DN7"
    "8kLajzxB9buCEdNa9TvZAWkT2F+df5icnaC3705enr4/jQ+cSA0QfVNduq3v+O7k+Mwkyj"
    "/6DNc+ji4j/P5OPlMt1YU5pGqTBlQUK4IBSQINp+q2kwTgaBQ4GqXPWRmVIKUC0vtJDglz"
    "gdZWk2A0pzuG9JdO01+EVEKlvBelreOUVBgBF3+fabz+c/HA1hpQc4/ZWiAT98EJKYF3SQ"
    "ks52bqE7hANVqw/a/lp4DpnwHCpu+6IB7F0XsA8iIcsBcJ9iIdzDTd+l4k6SoOG9GMhLC1"
    "6wBJxFXowxR7i0PN1awH/GGGkRoDk9g5k+jcph1VJhVf6vSkIWxdmG7iSn6D27uQStY7mq"
    "JRql7feQobmXtgAkOkHSLtB9mJrdY/GP1T7eiabtTurZBeXZEw2swasrXe1MUCguJRlOz7"
    "kmpFOCRqN9eUIOx5xEOr5feIE6I3vy7olRSOlp34Z7sxS+bmy2RCvpulaWapq9+3u13nYr"
    "OzsR1aXOLKLVC9ZlY2Ps/wlPhtG58QzO5VlBOC2fdCzRDMrgJy34LZJQ4fFMaDwniDDEap"
    "NpxrAhsNimBABDB534HQH+CNH1I1wltHaAwxlO5jKL5Sxe6KUNmJMTOu80WhLnTnPPQTgT"
    "B32AxcntouT4pfH53a/zAagE/bTME5DPe6AaZqk3uUL328ccA5SLZ8FwCx6JCRBaaQu5JD"
    "wjba4JJlES/xyUyjTnl0aHP9/Qfn52c51CenRVg/vJ6cvHvwWKvgtsCB6aAIYz7BQU24cz"
    "DsX8GnsrH6gC/SM2zuNeC3MFgFXA+kOQ482MpMSvCwTGgC8gWarRXk4Vi+3cfymcYajpBr"
    "kglTsYZ7/AnfjtF6Tt05umChYFQ+5+IgYAJxvNlOfDH8bhtsYJY6GkPR5Fq8oJ2iyfFb9x"
    "1wl2u8/Hy7X+Jg7cFSg5D5MmpOH7V0uF2taqwqwa+uag17FQ2qsCZSmM+bvxOaHvGJGACe"
    "GTk6RnRGfWK6TnBHoOZF6RjXOEvr4EHNyNExosaTyzpCtM/FUgQT2HeGXDIlL6HNBD9pEM"
    "7ZwL3XnIz203GgbkqrdVM4lx424J3HwiLbBSl8kMJ3z1P4frk1jiCBr8MEvthI3c3N5Ydx"
    "YtPmybmPZDpnDM47A3Ku39vSPMrVJ4Gemx16lkfRWBafOT0vsTq71FkFokHqGSi6CGMfNR"
    "2SG8pW3OFETj8CVN5U5bvw7KHuYZOxAYXDJuMqIPeNBN7mICH9dNRS7ikUyrZA3uj2WOhA"
    "zl1WARlAbBLAqUEv2+RwKCLZgYnNbRs3SQHKusB/+mISuOMwxJu6my5SWfb3WZ/y+lUAc5"
    "Zq7aVPdblsp5V9dnL65vjdr+W9Nnk+O29Pfr04OTYb+AxwWBf/EmD29ty0XCYEM+4YzLBz"
    "7i/06Tz8pV15l2nXoC9DDAkql7dWufxOdtyOrP9oYESFJjnB0mB5iC6ztuMliuoLIs3k6B"
    "R+ly03qmal+v+oM3zDUZyija4DVdFSPxa9pXxHQEvtWgg8JrGqMQQeOw08riM9VCp8Gets"
    "wrzNCGKM95mu7PEGgCbJlL3JWW0jX3KqhjGYBLdA2OR2wKJturny4xwLtduRk0CgGQsRDp"
    "DmOMaIBS6JLvk+Sha0H9ClGkWXasek9kW2LSgzr7RnHE3ijtnQQNIi3beNlFmhTRtLjpwx"
    "KLmLyfSK+PSGhAdsNmEhyGIJhlPTymoFGHsYzwcDuccGssEkPDltgYqb5N+lAPZRvT7BnE"
    "AeVkMdF1Ds4WzNXHcVhjBdN9NzAcVeERqxyVA7LG3yMMAGFQ0yUhhkNWoVNVhFBz45C4OY"
    "dkQUFWTZO0FZBVYO8aV8C3GanWLXG3BL5DEHMPBxd+DjjCf6hCEcBkNySNhOqxo297mDbr"
    "KTliJf5ZEFrr8332CicQJEF5nGORysJhtDcpX5XpyurrDwFe2NFlZAOGi45YOG+WqacPuA"
    "+C0WEHRtNmm3nEao3wNd+BYIm/03CTcOugPnhTSeNnBJvUsV41cpjZdxW39T19hMxfrDDY"
    "qZqYfoI5UNrQTC6FItwPJnQqUGeNGP1dHi8jdU8ChHYDudwF5Tn4PPwfkMrVW+whpzhPk1"
    "8XR6AgtQZAKrH4a6HLT6ddyQ/K86KV3xlOpr7WUqpPHtMaRz9iGdU4KnFbI7S+FTzmXNDM"
    "JCSRkWXvMldsl7wqHw872Pk/Q/rO1jLhzsurK7grIbBj9LoOyjyqEAhQFlQwGKKiD3vgCF"
    "vK9aimKCg/YbSiS1TlnCwZUtnmq/xKEyUHlkeA67M5fKar07Q1TDPKaKTK49R/z8/vzN1+"
    "eI4nRQwF29wOgcoV7YgFavOEl41BXoL9SgDIXAVwOp25FIsh+1JnABM258gz0cnWcSznVC"
    "PDlLLOZgdJVCUtf82ubJv/L5FkjjIqk4Bta4W9Y47VmxBbp7b9t//wdA0I36"
)
