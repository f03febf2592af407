"""When a session was last proven and what its cookie replaced; mail is counted by the work that leaves it."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True

# Nullable and without defaults: no row is rewritten. A cookie of before counts as set when its session was opened.
COLUMNS = """
alter table sessions
    add column stepped_up_at timestamptz, add column previous_cookie_digest bytea, add column cookie_set_at timestamptz;
"""

# A tenant's own work looks whether a session is still good. It leaves mail and counts it: keys are digests under a
# secret, and none but those of mail can be seen: counters of guesses stay closed to it.
GRANTS = """
do $grants$
declare
    app text := regexp_replace(current_user, '_owner$', '') || '_app';
begin
    execute format('grant select (stepped_up_at) on sessions to %I', app);
    execute format('grant select, insert, update on attempt_windows to %I', app);
    execute format($sql$
        create policy mail_is_counted on attempt_windows to %I using (key like 'mail %%') with check (key like 'mail %%')
    $sql$, app);
end
$grants$;
"""

REVOKES = """
drop policy mail_is_counted on attempt_windows;
do $grants$
begin
    execute format('revoke all on attempt_windows from %I', regexp_replace(current_user, '_owner$', '') || '_app');
end
$grants$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return COLUMNS + GRANTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return REVOKES + COLUMNS.replace("add column", "drop column").replace(" timestamptz", "").replace(" bytea", "")


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
    "eSVtsLt/Gp5buqcFWwyJE9tjq3kR86h6N1RO+poDu/wcWmCxoQc/fzBZX7nSEUWkE3EXQe"
    "xi6KmqJHyVutoJsIOgtiB5dnSrhdnhtLOQNiB6UsY6WR+MBpZAXdRNAFHDfmpE+cDtqyG/"
    "wyzIhtbliXO+nnj6cM8TPptzcoiSH6op38vcSiza2UiXVlwyOlRmdplKR8DjRJBHenlKKQ"
    "WynkpVDApd2E/EgwGUym80RfK4/81p+V+LQ6PRbNWnmskMeGBDEn+hRBpl8HYq+W6SIklR"
    "LQX6yf84ahlva4qGAvHCd5Zc9+OGfhaJN42q1aDUpKXIdIxlND5P0Th8ATq4ArXir39jCi"
    "zsMYwQD7MxmApWgkoJnEdebYAXivlgq2Rs26thszHQ6ehw37dufRVncesVgOteO8u1xN2E"
    "aGes0dT9s6DM6aFeZzQ+vtPFHzfq9ZQLaP7fNZayLYogJ6rH8Tp8BJGilJZMkhbTKrW37H"
    "/OzgZOLEh0/oHwzXVostkVbNKs2WubbBXOvWZ74VY0x06yc021H2atPXDLDX7qevUdEMtW"
    "JumuySBrGLaRBCGzFnRElgpayfA5EBcXOmaDS997HrPCDtbQb7Z45mMWnbJFW7/iOKH8X3"
    "WTlkTdkybIxvH03eDyJIa5Yp+DeAIFHLao9oiLDaqKQmMQgFh39EFAsk5KalGQgILSmftd"
    "mmjZsPSwq6tvFQecSLvjGxS8e71LUhKnc5sVgWcoJU2w5D5cvoWbvh2VKN7tsN9lwXA2K2"
    "57rUAXnnznXhGNGmq+Na57r0RhQhfR9bkyOnk64azAqppB7Mn46fA/mY91ObflSbNqopXf"
    "29TzlOcyB0x3HRbvnKRxvm+QldXJvj2wCB0QBBHIGsZvcfmLqyi9wehiScBdgWO2vI+wo4"
    "dtBl7PrEyrmpGZfGsIsytrb6c7DV1aZ7n4yxLV7QvHhBGscOTml7rpVJibd+rpV1yHVK3t"
    "YhVwfkbjvkVlbra+oz6miRvkLG/LyvrfnkbD1E4/UQa9TBeBR2PXWmVHsc75XDLgtHJRHT"
    "35PoYRb5cOZYV+liJ0gWkBaxjydYki2h7Zzck+PmimDUSLPRP959hKmwduyoT9DPwmFwaS"
    "164ZkDXY4fu3C8YjKhtzHcMzC0OtJFS0Kh8RGhgbC5AqzNsfdE0ZTi0aoElGPFqpq0m2kT"
    "mmbh3ZhANrHQlyHSKvwUjRBFoYu0q9v9eHt99XXw8zj3s24Y+YI8+KkI7f0U+xyH7MDDLm"
    "8QpJXN6Ioki1INn4z4VPAX8DErcx9sM1CvIr99G6bfaphe7u6sF6S/RZzHPdrFWL2N7fWa"
    "+4O7H9uzbn8DYrZu/zogd9vtX5KH64oPHBPa2Bu9Vi7uttz+6c5uMhu3wXa4Tifj5vGtvb"
    "XNlnK0dVp2sU5LHTgfoT+1TpoMEuYyxnvXI1WeJkDBfVyBRv4VT5h3YCz/kBVrVF2a+Bk2"
    "wdEBuFPfcic3p979zkh41wfyZFP1//u7d+ABRbJ2jTyjzxVfX1LMcXPttmFSz+20vrWst2"
    "5ZyyPZpDBWn6ma5inJmppZE1Inrf79f9aI+E8="
)
