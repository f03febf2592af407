"""Who has left, and each tenant that was deleted and is not erased yet, has a job."""

from tortoise import BaseDBAsyncClient

from shared.members.schema import jobs_to_leavings, leavings_to_jobs
from shared.tenant_closures.schema import deleted_to_jobs, jobs_to_deleted

RUN_IN_TRANSACTION = True

OF_PROJECT = """,
    constraint leaving_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade"""

OF_PROJECT_INDEX = """
create index leavings_of_project on leavings (tenant_id, project_id) where project_id is not null;
"""


# Who left a project that was deleted since has nothing there. The owner of the table sees its rows for that moment only.
IS_OF_A_PROJECT = """payload ->> 'project_id' is null or exists (
    select from projects p where p.tenant_id = jobs.tenant_id and p.id = (payload ->> 'project_id')::uuid
)"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return leavings_to_jobs() + deleted_to_jobs()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return (
        "alter table projects no force row level security;\n"
        + jobs_to_deleted()
        + jobs_to_leavings(OF_PROJECT, IS_OF_A_PROJECT)
        + OF_PROJECT_INDEX
        + "alter table projects force row level security;\n"
    )


MODELS_STATE = (
    "eJztXW1z2zYS/isYfWk6o8skTtLkejc3YyVuzz3HziROc70kQ0MiJOFMESoBWVXb++8HgC"
    "8mKcqiSYCk6P1wvZikCO6zeNl9drH4Y7AM2H/JRDw+JgGdzAffoz8GeMxFgCdC/jHFHidD"
    "NMDLpfwrfnggr4zx5HqNA9eZXjtTSjyXywc+f03fYUcsd8vFAqcu/TGYMF+1RX3BddML/J"
    "vjEX8m1Jc8ffLkf+pHY2fCvNXCV1+gPiS85pIpXnnqIweOc35x6Xw4uXSc6KZuwxGbJQnf"
    "q576+fj9638ev38kX/uteoxJGT2i7pxHt47Ce7rR5O3+yvP0BT4J6FJQ5qcuson8fOrPbi"
    "/dtqze/HqOgx/UFdXgjPgkwIK4KWCp75LfMld8vCApSdVr8Vh/Z/zEciPmzE/akF+gHlz5"
    "9NdV8piUYQ+6Ry9ebKF7QwKuBKyJsHz1ToT1vW4gnJLWIMpboMr7gviiKqg/fbg4V7cXnP"
    "/qpbF89Pb433mYX59djNSlJeNiFui36BeMTEKuXlgR8hQW+yF36USgP5FHuSiA/ut9vj8/"
    "R4VfmPy5OFrkHlhgH8+0CNErYgly86WCf2uaW0bNaR3mB+FMveYvR0+fv3z+6tl3z1/J5z"
    "UIyZWXWz2IulU7z+n5pUnNn/qiUPEiWGX1Hl2IQQsF2K9x6mc1rV6jPl9EPxvgBPXwGUew"
    "GRFzEmjo1aOJfoTAk/lCdrYzMhXsRj/S6NqGV4I5Plunm4ouOdhNj459Mwin/oRU7QKXp2"
    "9PPlwev32XmUTeHF+eqDtH+uomd/XRd7mJJXkJ+nR6+U+k/kT/uTg/yc81yXOX/zHZ797I"
    "fiboglScdRL8Ssw5UUuP43+UXFrDUf3Xo6Nnz14ePXn23asXz1++fPHqSTK8t29tj3NOf6"
    "+s5tHpj2qwZ7RmePSP6GzXBFBGB7+XVEF+Eii/0sqlBfvCqT5d6mX1Wdj5093648fTNyaR"
    "VO+riGNGxv1grlbUfaw/v8wKOjj2ERuraRCJORbIZwgn8ygKyFRaTEiw7xHzifwfooKjNd"
    "4g6g8RC/TV9Zxxkv4V5Wgmbzwe5ICx3ZaNNX97Tbn3+m9wcb9Hbx38fbryJ0rLSPcI9Z/n"
    "/xg00YErmgLFHXfbIEhUIj2bUCe8jHkw8tj4cA0CwVaTOXEdXNmrAKsgB6Jt0+BeBn8dQ6"
    "Ahk7+VFb8SlgLPpHzcHJ5P2gAzJYVNE6omWTGK+IdkRvn5+P3o9Pz4/S8JW5FMK2cX5z+O"
    "CviK0S+XJ8dm7VYfBxujjEW0qOVgH28E4RWBvyZL4Yw3PbZcUxLuRfIus7UMmnyOj158V3"
    "lxPPn35d2UW6YTx4/neTiDsF+S3yrPHAkUNklOcL1qu14ommqke+NPCFqSAIUtPkb/kkMn"
    "vs3RHN8QdBUNp6u/IaYsXOUcUelKMTQmofdE5Ftc7SuFF/la/qLADWum3S/+F/8qXsWulK"
    "cmfy1VtBjL9thU/lTiwwUPnUHdFBcsIK50/BD2XekfCrQhkWeorsu3U/mNn9Tz8nXqu1Sj"
    "qg31K/7Fn7CV/HQX4bCxUKpvuC33UPsUQ3AIW3UIx1IJuzzAz6nJ8HYwf804hq/ZQnmTg4"
    "P1DScBUdCDb1jHN8yCaM43NKdm4lLQck0tZzDca5M2r+PV0oWhXFfJWRA7RfOo/nfgvEQi"
    "QsssT83MlW0wn7YA5r0SUqpzPHI2mrOg375aRsZ6vloZSMfMrUzd9IptiIGwyTVI85yKTb"
    "/7b0ZG+/03ak6/DrrxFh42ezPlEmuPqC+riPzo4uIsg/zoNA/tx7ejk/ePnmo1yIek2Vu8"
    "6sXSVSTaGfMI9itingViP+Rj2VpFzJWHL0WTVuGKE7VKVLbC1Jj7/NVkrz0OAlw1WFEs13"
    "4od6RYloFyiQPSd+I3I6P12EXELfUc0oyQ1jGF8ETN8ESjudUxBzsELr1VLn0S6qFUQlWk"
    "sxOXHjB3HpClhyfAuNVj3HIoWqPcwAtv0wuPJod+r6lZIe374WCn1E2j0OkAGEWKQxxTF4"
    "3JlAUEcbYgamSgMO6jsgcGOVkr/Nye/aPXUrCBOmEDOUmgo6Qh9EHgA95xBkkEBuwgW0kE"
    "sDLDytz1lbkMpBFH2WNAUxL2gZDRaxoYJN0wSLhUxu5Ex+z0GPfDbKrjD1S/EUwUMFG6m+"
    "cIOXAG1NzhHDjY6ghJcG0kwXnYn62k1QN8cQ6MvbHY6pTxEos54J0CwiY/r9pwrgkERPJg"
    "WAX9QeduWOIJYDMvbObtMtfVMjmj3fghsDKtsjJTqYRS4SGlrddzaW81Tr2As7bTWSs2dA"
    "/LV2sJzYbcNTW++r0gpSS0b1KB9zts3PtllSuX9wptZrqsOdAMrdIM4PGan57B473b4zU9"
    "NYPDayjtMrIGkUt1fSZVpFdNQjvzLO963pKrHDlfw4qF+2uW+K7exdot8N1YhX9tBk+0jn"
    "ZnN8QLW3Zejl2R7SyHy4A07m4brPZLSeDAGQA1q/1mQNy7ljQYAQ97vCpVZ44MaKMUTFaO"
    "lkPhUxpw4fQiIL4lSt+yDNrorFbhrGkjCCaw59g/DKQ67rVOAsmKZ5M0BLPefBo8DQ+9eP"
    "B+aQxERa+0wIW68MPiu5ElGhfCVXV3XaTjS0oKVS+Xq4K5unwuWRMelsdVf+qVIvaphuFl"
    "Ndj4tv9luzFLzps25Ie1Y52NklbdiXmaobGKXTYhNVMqAPojnR5whQDIOh/U98Ug6/xBqL"
    "nDWee9cAy77MMsA1qdrur6WYaJcOZSSHYuNL0+EiYrpH3vZbIK1PEUkBOdB8NibI0upFnv"
    "rAIPQM+jYRH1BRFYm8FcYLGqXN6yV9gXYGJRA7pVgP0WCJtYs+jgNQA7RsJmtgSufpqiQq"
    "879XJjSfZbHjUq5Ap8TXxH0RU1jLnCOsMpZmm8op6gPn+sPrQGuVQPzZygdmEFct94QRYw"
    "0kgKB3PU/lVmaFwhHBC0ICG7vp4ztKZ8Tlw0ZYE67U4OZ4zUyAhZ+WtClhxxIp0lwdE0YA"
    "vFvy9Cyt1l6uD0BQsKDlhvrFULZL9miYewqanVTU0zqYTSnP6xROCGis3gYLl9NtEuMbC+"
    "tVjfHIrWaN8t9cnu1vtTjVIi7l2dDJ0J02tAGz5mZ05dV67IajU16gi05kDlBLJq8DPf2z"
    "jSWOlxd0yLaH18gwNlHlL1nqqmQ588qBiI/ZCX9aHu+Gg73kdizw7BC2ndC3FwShtlvJEz"
    "tc4crCcCWUaD+o5I97OMAnJDsAdarnfYTApDY9t6IJOsU0q2lUlmTs03lFP5SbBNr6amt3"
    "A0NqQha7DRgj2Qv2bBv4Sckt05JffyL0vxTZMJViOl3wxJTkrrrNNSTj99xzQjI/B4wOMd"
    "7Dxbl8crA7Y2+agXkTsPHvIsHOYI1MFVxra+QlRlgRBf5X6sMUd8zta+KsKjNneu58wjKB"
    "x1yJPfHiDmF2SYGHmlJQL3LAo1AXnbNnmrgn6l80guIoNkAOztQyYCus/eArNnQM2wR7QM"
    "yF1je8zsER2vXLkOVMW365tEb6Xb6wECy1ZqKYBdoi24Izt2iRr3AtV8XhVwtTaaXtMqwh"
    "WLcc+VrCJo1/JDoJemgLDZQ4F8b5B8TyjUyjsNu5Uom5XHap5sQKI5G3rrNhw2+ywQ8RbK"
    "DS7I78yHnpwHwyQvvCE4cFy80fxt8knfowXzxTzc74c3CHNdnj0sCjhE4w1az+lkLv+LBd"
    "KDjCP1Jm+jXjNlK98tIIzttmWJSU4oySGwye2zyXHEujSj/E6vvQPgkx8y0Qh88oNQM/DJ"
    "ZUDuGp+8TQ3TQMylJdADRigtyv2SWYET7g4nPGXBggTOipOebzHfFtR6AptH/et+g5qS0D"
    "qaQFM2SFNC4bkmC88FxMNKIj6ncJZqESAWsVfntVTu6T99uDi/G/Q8vrm5XL3AKOjqhRVB"
    "T5Ao4V3QiUB/IqhydyegTVe5670NZ8p42yaL7/h4O9RrxN0NgXhtn3gNY5ilaFeVe30qyG"
    "IApOtDZuO6T7ou2A0ouZ6S0xB2UcXL1dijEwfodQO6LsSyi0oHbRvQdoeDKVFH7EVMZVsW"
    "86n69wL31xXWdTHNwVqrF1dHNi1Iy5j2oqc2FP2TU33f41dpEe1THphzOvNlg4L1GdOslN"
    "YjLdop7jWRlJKwgSgg7zmaKQntD3kIA8LxU/2MAvI5DiAURbJQNBGLgqMEb4EvOkEQNpS0"
    "G/wr2NtwOScodK9R5LvoPQaKm0AewTcEsZUItxVQjq7JUiRHHekdCOt59Ic+GEnvNQi2dz"
    "VYa8VCUC2JzAwhpNZqSC20BqUmSgXU3kWRMoinPWRCtvvxNJd4BNRcU81ZEO+XNA7RlUPR"
    "cveDaFDU3Iymoah5XwITwWROb0hlu3d0cXGWGQaj07yT+/Ht6OT9o6e6/8uHpIFYjHIsW8"
    "XKVoxJx8SvSrSnYNgP91i2VRHvtHBVp58+0Q45PGxSmkAfN1hpfu33PSU5LaL94AcQZ8Yh"
    "hSrd2yZdk1W6t0poqwLb0k1E1K9QoLv02ywwkO9uSSogIFskICN93Id+hDPewaEtQNFaZu"
    "i2AwZnvJstdTvHvpys48FWY2XvTqnFbZn2988aUfHMEfI97ZMZGe3bmlFz+nVgbG7hYdMV"
    "jZbufnfnrJDgjh6gOwpzg6ETuopcUOpqT1E5ieRGTj7f8ALPcsdD9hzG49QR8OA4tu84Oj"
    "ilkJIO5A/4hgVhTONAHUjIYxnU9x9t5bGAdQPWTR+sm4daosZI0u8dX2/NNknWNbBNumGb"
    "TCOF7GK3P+emybg/fi2yWt4SVYcebBawWTqdrgdZmQbU3OGaF5CpB5Z+q5Z+wDwg3dJA2G"
    "Tiwa0Ct+r+q1e/3KrI8B6CU9UJp2qh1WHEpbrEswH4Uw/Z0G6LA5b/YgFYMWkkYB9BP/YR"
    "gNMD4Y227fBuGI7KvACrsRtWo8CzUjnmH4ScuWfk2POYWBC/8VoXxQzdX4+Onj17efTk2X"
    "evXjx/+fLFqycJVbd9a5uzU4eFVO1Eo9MfFWeXWdIMl1Yd0Vl1Ki+WzSaPN2eeS8Bcy0Jh"
    "MNfrkypKhH2mRiSSDtsNnRC0wBs0pZ6H2BThaIfQNxzxcIA+Rqre0TXZqM1CKv1LjaQx5k"
    "Slgz1KlpIhCj/42+3csaYatbC+bE1S9VeZJg2M7iw2RkyOrTUn6i0OjvWzm6y4HU63n/K1"
    "aEH6yEkvlqIVr1G4oNRS9KSddSgWrOo6VDAtjjaCcD0TyQlJF2xTBd24UJMDktoRqmulZ6"
    "qhfkBeiKu86R4oJUCCocxEV5BLa701exOhGhwwBXZxClxxsmPuy0xyl5hfNz29ARP7IJhY"
    "g1XlZA8GFdepKJcAuJfrhbylg9Rwh/OWsBB4MlfWuLy48itr2aTBWd3aLJLGIAMCiWGWS7"
    "iFh4SQfhP6OSn3Tvq16whEJkSvz+zJCmk/8gTV73JGTGPV72QHpHVgf3PxcXR2gt69P3l9"
    "+uE0OnAiMUD0TXXptr7j+5PjM5Mo/+AxXPk4upTw+zv5VLVUFeaAqk0aUFEsDwYkCdScqp"
    "tOEoCjUeBolC5nZZSClApI7ycZJMwFWhtNgtGc7hDSX1pNfxFSCaXyXpS2jhNSYQBc/EOm"
    "8brPxQNba0DNHWZrgUzcByekBN4nJbCYm6lO4ALVaMH2v5afAqZ/CgibvuuCuBSH7wHI83"
    "DAXiTYi3Qw03Tje5Gkq9hvRFMSwtauAyQRV4EHU+wtDhVXsw7whylGaghMYutMonObdlSa"
    "VHyt05P6sHVhvIkq+fVu70IiWedoilqpel3nKWxk7oEJDJF2iLQfZCe2Wv9g8C+1o2u8Ub"
    "u3AjqbkSDczBqwtd7UxXyColEU7/uSakU4IGo315gg7LrERavl94gToje/LuhMCkeLTvyz"
    "3Zglc/N1PCHfz9I0s9RV79vtrnOR2VnbDs0vccUWqF4zSxufZ3hMvKaNTwhmdyrKCcHsB6"
    "FmCGaXAblrwewChw8K40FhvF4Go1QbzjWBjQZ5MCACGL/vQOgP8MYPqRrhrSM0hBhK+zEU"
    "T6lid0Wo9MSYGtfZolCXunMe+olAmDtsCi5PZZcnwa+LTu1/GfXBp62n4AyGe90AU7XJXc"
    "qXHt444BzEW75zgFh0yMgCU8hdySBhG21wydKIF/hkplGnPDy0ufr+g4uLswzqo9M8rB/f"
    "jk7eP3qqVXBb4MB0UIQxj2C/ItwZGPav4GPZWHXAF8kZNg8a8FsYrAKuB9Ic+y5sZSYFeF"
    "gmNAH5HM3WCPJwLN/uY/lMYw1HyNXJhClZwz36hG+HaD2nkzm6ZIFgVD43wb7PBOJ4s534"
    "YvjdNtjANHU0hKLJlXhBO0WTo7fuO+Au03jx+XY/R8Hag6UGIfNlUJ8+auhwu0rVWFWCX1"
    "XVGvYqalRhjaUwnzd/LzRd4hHRAzxTcrSM6JR6xHSd4JZAzYrSMq5RltbBg5qSo2VEjSeX"
    "tYRol4ulCCaw5/S5ZEpWQpsJftIgnLOee68ZGe2n40DdlEbrpnAuPWzAO4uFRbYLUvgghe"
    "+Bp/D9fGscQQJfiwl8kZG6m5vLDuPYps2Sc5/IeM4YnHcG5Fy3t6W5lKtPAj3XO/Qsi6Kx"
    "LD5zel5idXaps/JFjdQzUHQexi5qOiA3lK24w4mcfgSovK7Kd+HZQd3DJmMDCodNxmVA7h"
    "oJvM1BQvrpoKHcUyiUbYG80e2xwIGcu7QCUoDYJIATg162yeFQRLIDE5vbNm7iApRVgf/8"
    "1SRwx0GAN1U3XSSy7O+zHuXVqwBmLNXKS5/qculOK/vs6PT8+P0vxb02fj49b49+uTw5Nh"
    "v49HFQFf8CYPb23KRcJgQz7hnMsHPuL/TpLPyFXXmXaVejL0MMCSqXN1a5/F523I6s/3Bg"
    "hIUmOcHSYHmMrtK24xUK6wsizeToFP4JW25UzUr177AzfMNRlKKNrn1V0VI/Fr6leEdAQ+"
    "1aCDzGsaohBB5bDTyuQz2UKnwZ6WzE3M0AYowPma7s8AaAOsmUnclZbSJfcqyGMZgEt0DY"
    "5HbAoq27ufLTHAu125ETX6ApCxD2keY4hoj5ExJe8jwUL2h/Q1dqFF2pHZPaF9m2oMy80p"
    "5xNIo6Zk0DSYv00DZSpoU2bSw5csag5D4m0xvi0RsSHLDZhIUgiyUYTnUrq+Vg7GA8Hwzk"
    "DhvI5tTMJpNVEICe6+k5h2KnPKForqkczzJ5iliNrdApKQy6Q5V2Q6/Ck2KchUFMW/Iwc7"
    "LsXYesAiuH+FK+hTj1jr/qDLgF8pgDGBz5ezjyxjMEggBOkSAZJGznY/SbNNnhp9qJZ8tX"
    "uWSBq2/qNZihGAPRRopiBgerWYqQlWG+FyerKyx8eXujgRUQTiht+IRSvhrHpCAgfosFRG"
    "vqTdoN5x/p90AXvgXCZv+N4xS97sBZIY3HG6+oe6WCgyoX6ipq6y/qGpuqIGGwQREz9Rh9"
    "orKhlUAYXakFWP5MqJiiG/5YnUksf0MFD4OL23FIe0198b/4F1O0VoHONeYI82vi6rgm81"
    "FoAqsfBrqOrPp11JD8f3XEsuIp1dfaC3EmgbEh5IF1IQ9MgqcVsju8+TnjsqYGYa4WBQuu"
    "+RJPyAfCoWLsg4+TdD8e5mEuHDyZyO4Kyq6n7CIou6hy2LluQNmwc70MyJ3fuS7vq5bCmG"
    "Cv/YYCSa1TlnDiXYPHYS9xoAxUHhqe/e7MhbJa784Q1TCPqSKTK88RP324OL97jshPBznc"
    "1QuMzhHqhTVo9ZKThEsnAv2JauxfF3jWkw3/sST7UasDFzDjxnfmwplbJuFcx8STs8RiDk"
    "ZXISRVza9tnvyOz7dAGudJxSGwxu2yxknPiizQ3Zti/vd/jOS+Jg=="
)
