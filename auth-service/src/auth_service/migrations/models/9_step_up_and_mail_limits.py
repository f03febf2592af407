"""When a session was last proven by a password or a code; mail is counted by the work that leaves it."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True

# A tenant's own work leaves mail and counts it. Keys are digests under a secret, and none but those of mail can be seen:
# counters of guesses stay closed to it.
GRANTS = """
do $grants$
declare
    app text := regexp_replace(current_user, '_owner$', '') || '_app';
begin
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
    return "alter table sessions add column stepped_up_at timestamptz;\n" + GRANTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return REVOKES + "alter table sessions drop column stepped_up_at;\n"


MODELS_STATE = (
    "eJztXWtz2zYW/SsYfdl0RutJ7cTJZnd2xnbU1q0fHVvZNO1kaJiEJNQkwQKQHU3b/74ASE"
    "l8KaRAUKJkfMnEJEUA54IX5z5w8WcPTvnk4ARR7E5678CfPXjPOIUuF3+MoM9QH/RgFIm/"
    "1JM98ec9dB+eIPWc0YMzwsj3mLj72+f0HXJIcrc8yGHq0p89l4SyIRxyptoN4BfHR+GYy2"
    "58+/Ll3/JH945L/GkQquZFL+JrHhrBqS972HOcq+uhczsYOk5yU7Xh8FmE4vfKp/53cnP2"
    "w8nNC/Hab+RjRAzQR/LOVXLrML6nGl28PZz6vrrAXIojjkmYukhc0X0cjpeXli3LN59NIP"
    "1OXpENjlGIKOTIS6GKQw99yVwJYYBSI5Wvhfeqn/MnohmfkHDRhuiBfHAa4j+mi8fEGCrQ"
    "PXz9uoDuI6JMDrAhwuLVKxFW97qBcGq0BlEugCrucxRyXVB/vL2+krcDxv7w01i+uDz5JQ"
    "/z2cX1qbwUEcbHVL1FveDUJOTyhZqQp7CohtzDLgd/AR8zXgL953X6n9dRcQ8XfwaHQe6B"
    "AIZwrIaQvGLxWaY0pcS+oOOipC0lwPwXOJbv+Ofht6/evHp7dPzqrXheIbC48qYwfbCnO3"
    "POr4YmxX4e8lKpczrNCj25MEcsHkC1uHGYFbN8jew+T37WgwvU42ccTsaITxBV0MtHY+FE"
    "+Cc02+gyJt5GnJA8pdtJLjnQS38IlcqCIgmrA7X1xfD8cnA7PLn8OaM03p8MB/LOobo6y1"
    "19cZxTJIuXgI/nwx+A/BP8en01yOuWxXPDX01OtfcCA44DpKtlMiDWUDRJcwfz/6zQ9ObE"
    "jL5EWEBoxdxEzFkQU2JOFNDWpexDxp0ps59zMznnYeygpCl6JA9Wzs3knAXRmJSrZOfhMW"
    "LacjtNGPdCZIKdn55fndx8WvDzhdwurq++Py1h6KefhoMTk4I4xSGkM00xLPGoXjnvZ1wM"
    "QQ931Z7u1zL4Zfh1oygD+vzxvKVkEPIh+lJOj6sBnwPRphEaUTTCXyzcGSjaBJy5JIo/DV"
    "3Af/tsErATSqGuRliOpRqxFdZ6Hcg4CmHIHX2DV83Io3hRTOvXDx/O35vEUr5PE8rMGKvR"
    "nE6xd6C6rwepYE10vwDNORdSA2yGZtGd1DsB8VIISOjPRM8JeEAzgBlgnFDkHfRyQ6v1A+"
    "OuqNjb0V/XFWXQz7TGLOn9ZzQNXQkwUMKQ/7z6b28LE6fZnCn6piLsCGGnuNAq7xTnKIj4"
    "R9ExZXjsopMKhZ51Xaxl6uQmXwpAc94pA75maWR33NtcvcTOB7G+x3nlSvAh9MlY6OB3AP"
    "o+oCjysQsZcMk05ACHAPM+gKEH4IgjCiBwKWQTQEZAfP9Afoj3kKH4cTFksRxAypn4BXoq"
    "LiItt2V8/cnos7WXoWxM8vhVYUo+xItbk3Dk8auV0Uh5azvByJxGSIa5vkVSXIligThPSi"
    "I1FqSph7noOA43uhqVa6t/HR4eHb05fHl0/Pb1qzdvXr99uVBbxVtF/cXQH9p+nPPvpQbL"
    "zBPDKu0Uj/W1WjI0XaVWx1iYCEVi3WBzwOdo6DvBShaSj+LzQ0pTu/KLk2obgtgmBJIUFJ"
    "eDWr8wrtSXOqG5YbFJs7479oURQ7+o3KVgHDUTamr2CzLeqF63ofBOxVTaCoWXL99Hh2+O"
    "Fwu2/KNkieaQT5m44Gk7/28vTy4uDK/Nt4Fg2w1W5+yoDK7SZogRRaIZxp3FUrWPFKkwyM"
    "6JwfLTJvwUqoXdxrAyULQZw0qcmvsVQCjmWacHWZl10DQiIzh7RLB+OvBeTeM0GG1OZGvZ"
    "mrVs62COtTdq7NUUx6Z3cRSADoTpR7Q19F6BvYSiTcDJlLvE5i6hHBYtpy89YiIsLKvJc6"
    "lMWVjaVekLA4t42kGZvZr9eUAq2aP+FyDmXyQeQU6gbb+/v/5wejEAP98Mzs5vz5NdZQv/"
    "l7opL4kLmKve3gxOLkwi/Z1PoD7UmfFXT/SRbEwTbIaY3Bm434ZPdpCtGz42u888pBM5DK"
    "uIU0i0SUJk/AQ1mMD7hXgKjDZBVwmecNxgA/VewZ6Fo0W+sX+Zw6VQGlj8SsL8N+SJAUiR"
    "SgQG6FEmanke8g7AXZoy3snc4LvfGQnv+iAkPP7//d07gDkDXMwS+UAEKZdh/6cJ5CoRQJ"
    "J9eSOAnmhhVMwZ2HzzrSQgyNB13+Y1bzevWSUc+GRcnW7wHnI4+BIRyns24aBvEw7qzUO7"
    "934nxJxPYF+19d5sWkmJYQ59MbnE6KZBA0q4f57AEmDa9QXuHz/c4M6yoUzVT0Sl9ocp6Y"
    "Gp6AsFPw0+OYOrs5tPPw/Pr68Ekmc3g6FK+X9AEQcjIrP+PTjrC0omc0Mlv5vNNwoAF4bi"
    "/9ATHK5IDDfYrmlGmGIXlhNulxMqCoaULKpZ4Xn4iDlMhrqLrBC6rpj+lhY2o4U5FCsN7s"
    "3TQsv+DYjZsv9nIea26L85MU8jz37NTcWcBbHtzQNr7VRuWKm2mDn9rTbI+jnTaxWgrZ+q"
    "ni2ifFySTEN+Ry53KPG1k5gWxZTzMz5VS/m4K4V+8wM2FzapxPrZYFyCbdNYYL5edXFzOA"
    "og9pvCK178lWrVW9sgXlhz52PdPMIO9lDIMW+8E3+XoM4MujXMSyoecPKAQqdZVcJdKn2Q"
    "H+/6WCceijo7iBIr9F57KnfQcbnS1r6vl5TYNA0JSxfPvoOaHWT7uV1zzrJXLvZVxMymIH"
    "YxBbEkcLGscBfXG5ILJfKAUuEq2+RrRfG+9hPT4YKU27lvwwVbDRfghSiqowUX+BENsfuA"
    "djWHxLoXe+v7nTqSXOBSpCg/9Pd7iSiMs302Y2usZ0WwqRrrlvHYksprA9pm5sv3hHgqlY"
    "SEMpM49NgEPiDwhOUODsCQQN9jfQAZeJqQOHOZPaD4J5gfgEyJ5SLZNP9608Q0xXAsMd0u"
    "MfWFKByuZFHNTC+l93U3OanNbNDgpLuX2eCJuWtFrG92LPHrVKQ7qeerveu7GOp+qQ2wfq"
    "g7PYrWYt1HhyUEOIh80cumgZSjw5WBFHmrG3Gr9GANRqxWZOFbay6bfN/MmivbRYhcHGGZ"
    "qi2TsH3EVcF3ipK07XcAzi8GcAZcSOlMXsLhA+Bysx6JUCgrvwPoqnLwJRsF22jBNGO+TO"
    "LelitvkStLr309kjyUjn3LlJ8Pjdo9pmyd9M3Z8oac9NXJjFMqsHoeOXapsbZJ7/bPw7nV"
    "Q+PiSPdax8aV/aQNWhWv1Wtzq8oUtueTvGYgbS1Lshwl+xpUCwX3iLIJjizXej6L8O5xLb"
    "sRx4CY7UacOiDv3EYcuznEIGvFwhZxOX7URvT0+voio2JOz/OF4D5cng4E5ArxZZnU4hxO"
    "SIKmK5IItGCom6echqGGO1I0Zs2E7VQAUYdDh9lzOwXnf7FIaOmDpAvfyJob2J2AIaGcYH"
    "m+JwxlxTYGS5IgDL/buOGxZK5rWx5bTXDqjnO3ncPlgoVgVpkfv2Vbnn8gn1NmyQiKdcKX"
    "qx7q7aZhYr2DGox1Q95Bc1KOIGNPRMwtdwLFXLUGSiMDZQWanbJUbCKFzdi2Gdvb4NV1M7"
    "bb2fVn7RSTaD4JycmDTskD7oKlPR/lNkztPBTa1naJfXhLAiRrdMtq24BNyFNsy1E8nnAw"
    "X21V1g55QgxAII+eLZqC+q8xbvWlDYO+zebZbjbPCEqmFkujRqxpBAchJb6qLLubRp24P8"
    "I0sDy/YbwpB2Pl4m3rOO6mnDd6bHzDU7V9yLgjSJDnMI60Tx3t+gHbxVFWfnz61l9STpwh"
    "MRGsEZivsr6ExWi+t/Tbx6+uV5v7AHzEoq0pB3dpvXwHMJfbGhkIieJ+qnJ3OFNnZJVHCz"
    "bSaguMcslKmjPKzZmJ3aGVBizHUm6J5nKpxS1vkEtkLfkzYXvsKL1UetkyjiYpLsw8qbQ+"
    "zs37ONeMdScaqJ+kwJoLdK/74hZWp4xeswtUlxYomojGkf6u1dHu5QdREuq+QQzxm/g8vR"
    "1dtqytbGDlasNWLtGi3wk+Lc9gnB/nKDBh4AkyMMaPKHwnD+WRE1fScOnsXW7KlOrQJ0SW"
    "OZlGQO4Ppn0g+TsZSYIuyfo/BPGXLuGiit1Yq6b1b+brXFv52sLIpVkdBuoiF9QxlYJykn"
    "NJq+2F2/jUcqtwrcLtbnKRTSEzIObu55AplyxDKLSCbiLoPIxdFDVFj5LLWEE3EXQWxA7G"
    "DinhdnluLOUMiB2UsoyfRaKD08gKuomgCzhuzHGbGKLashv8MsyIbW5slTtu54+njLMz6c"
    "s1KIkh+qKdELzEos3tdXGaW8NjafbPZV6ApfIbaJIc7E4pFca3lUJeCgVc2k3SjgSTwWTK"
    "rCDy+0CKwLT6QcwZJUWQ6W9C36v1oAhJpQT0V4XnvFuhpQR7FWmC4ySp5dlP5ywcbTIcu0"
    "+kwX726xDJYE6IvH/iEHhiFXDFS+XGAkZUMf4RDLA/k9EfikYCmklc5IodgPdqqWBrFMxq"
    "uzHTsah5zKJvtz1sddsDi+VQO8i0y6VMbQii19zDsa2TqKxZYT4xrV7au/ru95oFZMfYPp"
    "+1JoLd0azH+jdxBJWkkZJElpwQJVNKZT/mB5cmH05c+V7/VKq2WmyJtGqWiLXMtQ3mWrc4"
    "7K2YY2JYP6HZjrJXmydlgL12P0+KimaoFXPTrIo0iF2MtwttxJwRJYGVsn6wPQPi5kzRaH"
    "rvY9d5QNo5zvtnjmYxadskVVuOI4ofRf+sHEq2Y+ewMb53LXk/iCCtuUf63wCCRC2rDWoh"
    "wmqXhPqIQSg4/COiWCAhd0zMQEBoSe2ezTZt3HxYUtC1jYfK8yX0jYldOluirg1RucWCxb"
    "KQH0i17TBUvoyetRueLdXovt1gD5UwIGZ7qEQdkHfuUAmOEW26Oq51qERvRBHS97E1Oe82"
    "GarBrJBK6sH86fg5kI/5OLXpR7Vpo5rS1d/7lOM0B0J3Hhftlq902jDPT+ji2hzfBgiMBg"
    "jiCGQ1u//A1JVd5PYwJOEswLbSUkPeV8Cxgy5j1ydWzk3NuDSGXZSxtdWfg62udnf7ZIzt"
    "Lvnmu+TTOHbwk7aH6piUeOuH6liHXKfkbR1ydUDutkNuZamwpj6jjlYIK2TMz8famk/OFm"
    "MzXoytRsGFR2HXU2dKtefxXjnssnBUEjH9PYkeZpEPZ451lS52gmQBaRH7+ANLsiW0nZN7"
    "ctZVEYwaaTb6Z0uPMBXWjp31CfpZOAwurUUvvD1FvQBDqzNdtCQUGh8RGgibK8DaHHtPFE"
    "0pHq1KQDlWrKpJu5k2oWkW3o0JZBMLfRkircJP0QhRFLpIu4zaj7fXV18HP49zP+uGkS/I"
    "g5+K0N5Psc9xyA487PIGQVrZjK5IsijV8MmIroK/gI9Zmftgm4F6Ffnt2zD9VsP0cndnvS"
    "D9LeI8HtEuxuptbK/X3B/c/diedfsbELN1+9cBudtu/5I8XFd0cExoY2/0Wrm423L7pwe7"
    "yWzcBtvhOp2Mm8e39tY2W8rR1mnZxTotdeB8hP7UOmkySJjLGO9dj1R5mgAF93EFGvlX/M"
    "G8A2P5h6xYo+rSxM+wCY4OwJ3qy53cnHr3OyPhXR/IYxXV/+/v3oEHFMnaNfKAMFf0vqSY"
    "4+babcOknttpfWtZb92ydlgsjNUHOqZ5SrKmZtaE1DGPf/8fYBjWvQ=="
)
