"""Tenants that are closed and can be restored for a while, and which of them are being erased."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_tenant_closures, tenant_closures

RUN_IN_TRANSACTION = True

# A tenant whose last person was anonymised was only renamed until now: those end like all others. The owner of a table
# under forced row-level security sees no row of it.
CLOSING = """
alter table tenants add column closed_at timestamptz;
create index tenants_closed on tenants (closed_at) where closed_at is not null;

alter table tenants no force row level security;
alter table memberships no force row level security;
update tenants t set closed_at = now()
where not exists (select from memberships m where m.tenant_id = t.id);
alter table memberships force row level security;
alter table tenants force row level security;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return CLOSING + tenant_closures()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return f"""
{drop_tenant_closures()}
alter table tenants drop column closed_at;
"""


MODELS_STATE = (
    "eJztXWtz2zYW/SsYfdl0RutJ7cTJZnd2xnbU1q0fHVvZNO1kaJiEJNQkwQKQHU3b/74ASE"
    "l8KaRAUKJkfMnEJEUQ5wIX5z5w8WcPTvnk4ARR7E5678CfPXjPOIUuF3+MoM9QH/RgFIm/"
    "1JM98ec9dB+eIPWc0YMzwsj3mLj72+f0HXJIcrc8yGHq0p89l4SyIRxyptoN4BfHR+GYy8"
    "/49uXLv+WP7h2X+NMgVM2Lr4iveWgEp778wp7jXF0PndvB0HGSm6oNh88iFL9XPvW/k5uz"
    "H05uXojXfiMfI6KDPpJ3rpJbh/E91eji7eHU99UF5lIccUzC1EXiis/H4Xh5admyfPPZBN"
    "Lv5BXZ4BiFiEKOvBSqOPTQl8yVEAYo1VP5WnivvnP+RDTjExIu2hBfIB+chviP6eIx0YcK"
    "dA9fvy6g+4gokx1siLB49UqE1b1uIJzqrUGUC6CK+xyFXBfUH2+vr+TtgLE//DSWLy5Pfs"
    "nDfHZxfSovRYTxMVVvUS84NQm5fKEm5CksqiH3sMvBX8DHjJdA/3md78/rqPgLF38Gh0Hu"
    "gQCGcKy6kLxiMS1TmlJiX9BxUdKWEmB+Bo7lO/55+O2rN6/eHh2/eiueVwgsrrwpDB/s6Y"
    "6c86uhSbGfh7xU6pxOs0JPLswRiztQLW4cZsUsXyM/nyc/68EF6vEzDidjxCeIKujlo7Fw"
    "IvwTmm10GRNvI05IntLtJJcc6KUnQqWyoEjC6kBtfTE8vxzcDk8uf84ojfcnw4G8c6iuzn"
    "JXXxznFMniJeDj+fAHIP8Ev15fDfK6ZfHc8FeTQ+29wIDjAOlqmQyINRRN0tzB/D8rNL05"
    "MaMvERYQWjE3EXMWxJSYEwW0dSn7kHFnyux0bibnPIwdlDRFj+TByrmZnLMgGpNylew8PE"
    "ZMW26nCeNeiEyw89Pzq5ObTwt+vpDbxfXV96clDP3003BwYlIQpziEdKYphiUe1Svn/YyL"
    "LujhrtrTnS2DX4ZfN4oyoM8fz1tKBiEfoi/l9Lga8DkQbRqhEUUj/MXCnYGiTcCZS6J4au"
    "gC/ttnk4CdUAp1NcKyL9WIrbDW60DGUQhD7ugbvGpEHsWLYlq/fvhw/t4klvJ9mlBm+liN"
    "5nSKvQP1+XqQCtZE9wvQnHMh1cFmaBbdSb0TEC+FgIT+THw5AQ9oBjADjBOKvINermu1fm"
    "DcFRV7O/rruqIM+pnWGCW9/4ymoSsBBkoY8p9X/+1tYeA0GzNF31SEHSHsFBda5Z3iHAUR"
    "/yg+TBkeu+ikQqFnXRdrmTq5wZcC0Jx3yoCvWRrZHfc2Vy+x806s73FeuRJ8CH0yFjr4HY"
    "C+DyiKfOxCBlwyDTnAIcC8D2DoATjiiAIIXArZBJAREPMfyIl4DxmKHxddFssBpJyJX6Cn"
    "4iLSclvG15+MPlt7GcrGJI9fFYbkQ7y4NQlHHr9aGY2Ut7YTjMxphKSb61skxZUoFojzpC"
    "RSY0GaepiLD8fhRlejcm31r8PDo6M3hy+Pjt++fvXmzeu3Lxdqq3irqL8Y+kPbj3P+vdRg"
    "mXFiWKWd4rG+Vku6pqvU6hgLE6FIrBtsDvgcDX0nWMlC8lFMP6Q0tStnnFTbEMQ2IZCkoL"
    "gc1PqFcaW+1AnNDYtNmvXdsS+MGPpF5S4F46iRUFOzX5DxRvW6DYV3KqbSVii8fPk+Onxz"
    "vFiw5R8lSzSHfMrEBU/b+X97eXJxYXhtvg0E226wOmd7ZXCVNkOMKBLNMO4slqp9pEiFTn"
    "ZODJafNuGnUC3sNoaVgaLNGFbi1NyvAEIxzzrdycqsg6YRGcHZI4L104H3ahinwWhzIFvL"
    "1qxlWwdzrL1RY6+GODa9i6MAdCBMP6KtofcK7CUUbQJOptwlNncJ5bBoOX3pERNhYVlNnk"
    "tlysLSrkpfGFjE0w7K7NXozwNSyR71Z4AYf5F4BDmBtv3+/vrD6cUA/HwzODu/PU92lS38"
    "X+qmvCQuYK6+9mZwcmES6e98AvWhzvS/eqCPZGOaYDPE5M7A/TZ8sp1s3fCx2X3mIZ3Ibl"
    "hFnEKiTRIi4yeowQDeL8RTYLQJukrwhOMGG6j3CvYsHC3yjf3LHC6F0sDiVxLmvyFPDECK"
    "VCIwQI8yUcvzkHcA7tKU8U7mBt/9zkh41wch4fH/7+/eAcwZ4GKUyAciSLkM+z9NIFeJAJ"
    "LsyxsB9EQLo2LOwOabbyUBQYau+zavebt5zSrhwCfj6nSD95DDwZeIUN6zCQd9m3BQbxza"
    "vfc7IeZ8Avuqrfdm00pKDHPoi8ElejcNGlDC/fMElgDTri9w//jhBneWDWWqfiIqtT9MSQ"
    "9MxbdQ8NPgkzO4Orv59PPw/PpKIHl2MxiqlP8HFHEwIjLr34OzvqBkMjdU8rvZfKMAcGEo"
    "/g89weGKxHCD7ZpmhCl2YTnhdjmhomBIyaKaFZ6Hj5jDpKu7yAqh64rhb2lhM1qYQ7HS4N"
    "48LbTs34CYLft/FmJui/6bE/M08uxsbirmLIhtbx5Ya6dyw0q1xczpb7VB1s+ZXqsAbf1U"
    "9WwR5eOSZBryO3K5Q4mvncS0KKacH/GpWsrHXSn0m++wubBJJdbPBuMSbJvGAvP1qoubw1"
    "EAsd8UXvHir1Sr3toG8cKaO+/r5hF2sIdCjnnjnfi7BHWm061hXlLxgJMHFDrNqhLuUumD"
    "fH/XxzrxUNTZQZRYoffaQ7mDjsuVtvZ9vaTEpmlIWLp49h3UbCfbz+2ac5a9crGvImY2Bb"
    "GLKYglgYtlhbu43pBcKJEHlApX2SZfK4r3tZ+YDhek3M59Gy7YargAL0RRHS24wI9oiN0H"
    "tKs5JNa92Fvf79SR5AKXIkX5ob/fS0Shn+2zGVtjPSuCTdVYt4zHllReG9A2M1++J8RTqS"
    "QklJnEoccm8AGBJyx3cACGBPoe6wPIwNOExJnL7AHFP8H8AGRKLBfJpvnXmyamKYZjiel2"
    "iakvROFwJYtqZnopva+7yUltZoMGJ929zAZPjF0rYn2zY4lfpyLdST1f7V3fxVD3S22A9U"
    "Pd6V60Fus+OiwhwEHki69sGkg5OlwZSJG3uhG3SnfWYMRqRRa+teayyffNrLmyXYTIxRGW"
    "qdoyCdtHXBV8pyhJ234H4PxiAGfAhZTO5CUcPgAuN+uRCIWy8juArioHX7JRsI0WTDPmyy"
    "TubbnyFrmy9NrXI8lD6di3TPn50KjdY8rWSd+cLW/ISV+dzDilAqvnkWOX6mub9G7/PJxb"
    "PTQujnSvdWxc2U/aoFXxWr02t6pMYXs+yWsG0tayJMtRsq9BtVBwjyib4MhyreezCO8e17"
    "IbcQyI2W7EqQPyzm3EsZtDDLJWLGwRl+NHbURPr68vMirm9DxfCO7D5elAQK4QX5ZJLY7h"
    "hCRouiKJQAuGunnKaRhquCNFY9ZM2E4FEHU4dJg9t1Nw/heLhJY+SD7hG1lzA7sTMCSUEy"
    "zP94ShrNjGYEkShOF3Gzc8lsx1bctjqwlO3XHutnO4XLAQzCrz47dsy/MJ8jllloygWCd8"
    "ueqh3m4aJtY7qMFYN+QdNCflCDL2RMTYcidQjFVroDQyUFag2SlLxSZS2Ixtm7G9DV5dN2"
    "O7nV1/1k4xieaTkJw86JQ84C5Y2vNebsPUzkOhbW2X2Ie3JECyRrestg3YhDzFthzF4wkH"
    "89VWZe2QJ8QABPLo2aIpqP8a41Zf2jDo22ye7WbzjKBkarE0asSaRnAQUuKryrK7adSJ+y"
    "NMA8vzG8abcjBWLt62juNuynmjx8Y3PFXbh4w7ggR5DuNI+9TRrh+wXexl5eTTt/6ScuIM"
    "iYFgjcB8lfUlLEbzvaXfPn51vdrcB+AjFm1NObhL6+U7gLnc1shASBT3U5W7w5k6I6s8Wr"
    "CRVltglEtW0pxRbs5M7A6tNGA5lnJLNJdLLW55g1wia8mfCdtjR+ml0suWcTRJcWHmSaX1"
    "cW7ex7lmrDvRQP0kBdZcoHvdF7ewOmX0ml2gurRA0UQ0jvR3rY52LydESaj7BjHEb+Lz9H"
    "Z02bK2soGVqw1buUSLfif4tDyDcX6co8CEgSfIwBg/ovCdPJRHDlxJw6Wzd7kpU6pDnxBZ"
    "5mQaAbk/mPaB5O9kJAm6JOv/EMRfuoSLKnZjrZrWv5nZubbytYWRS7M6DNRFLqhjKgXlJO"
    "eSVtsLt/Gp5VbhWoXb3eQim0JmQMzdzyFTLlmGUGgF3UTQeRi7KGqKHiWXsYJuIugsiB2M"
    "HVLC7fLcWMoZEDsoZRk/i8QHTiMr6CaCLuC4McdtYohqy27wyzAjtrmxVe64nT+eMs7OpC"
    "/XoCSG6It2QvASiza318Vpbg2Ppdk/l3kBlso50CQ52J1SKoxvK4W8FAq4tJukHQkmg8mU"
    "WUHk94EUgWl1QswZJUWQ6W9C36v1oAhJpQT0V4XnvFuhpQR7FWmC4ySp5dkP5ywcbTIcu0"
    "+kwX726xDJYE6IvH/iEHhiFXDFS+XGAkZUMf4RDLA/k9EfikYCmklc5IodgPdqqWBrFMxq"
    "uzHTsah5zKJvtz1sddsDi+VQO8i0y6VMbQii19zDsa2TqKxZYT4xrV7au5r3e80Csn1sn8"
    "9aE8HuaNZj/Zs4gkrSSEkiS06Ikiml8jvmB5cmEyeufK9/KlVbLbZEWjVLxFrm2gZzrVsc"
    "9laMMdGtn9BsR9mrzZMywF67nydFRTPUirlpVkUaxC7G24U2Ys6IksBKWT/YngFxc6ZoNL"
    "33ses8IO0c5/0zR7OYtG2Sqi3HEcWP4vusHEq2Y+ewMb53LXk/iCCtuUf63wCCRC2rDWoh"
    "wmqXhJrEIBQc/hFRLJCQOyZmICC0pHbPZps2bj4sKejaxkPl+RL6xsQunS1R14ao3GLBYl"
    "nICVJtOwyVL6O3o3aDT+xO7GalWzMQdpBNWtPQAJvsvmlozw0xIGZ7bkgdkHfu3BCOEW1K"
    "gNY6N6Q3ogjpu1GbHGmcdNVg4k8lu2T+dPwc+OW8n9oMs9p6VU3p6u99SmObA6E7joum6V"
    "c+2rApl1gEfRsD2moMKA4yVxtwH5i6sovmGwxJOAuwNeEa8r4Cjl2046yp3tyMs7b6MxBy"
    "5211tYHfJ2NsCyE0L4SQxrGDU9qem2RS4q2fm2Qdcp2St3XI1QG52w65ldXgmvqMOloErr"
    "ApYt7X1nxytt6e8Xp7NWpqPAq7njpTqj2O98phl4Wjkojpbzv1MIt8OHOsq3Sx2ScLSIvY"
    "xxMsSYjRdk7uyXFmRTBqZFLpHx8+wlRYO3bUJ+hn4TC4tBa98OkT4rc83pMJvY3hnoGh1Z"
    "EuWhIKjY8IDYTNFWBtjr0niqYUj1YloBwrVtWk3Uyb0DQL78YEsomFvgyRVuGnaIQoCl2k"
    "XSnvx9vrq6+Dn8e5n3XDyBfkwU9FaO+n2Oc4ZAcednmDIK1sRlckWZRq+GTEp4K/gI9Zmf"
    "tgm4F6Ffnt2zD9VsP0cgNvvSD9LeI87tEuxuptbK/X3B/c/diedfsbELN1+9cBudtu/5I8"
    "XFd84JjQxt7otXJxt+X2T3d2k9m4DXY8djoZN49v7d2LtlqnLcWzi6V46sD5CP2pddJkkD"
    "CXMd67HqkKRAEK7uMiQ/KveMK8A2P5hyxKpEoPxc+wCY4OwJ36lju5//jud0bCuz6QJ2eq"
    "/9/fvQMPKJLlieQZcK74+pJ6nZtrtw2Tem6n9a1lvXXL2mGxMFaf2ZnmKcmamlkTUid5/v"
    "1/i6Rwag=="
)
