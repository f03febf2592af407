"""The outbox knows how large its events are; webhooks share the body of an event."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_outbox_sizes, outbox_sizes, tenant_policy

RUN_IN_TRANSACTION = True

BODIES = f"""
create table webhook_bodies (
    event_id uuid primary key,
    tenant_id uuid not null,
    body text not null,
    size int not null,
    created_at timestamptz not null
);
create index webhook_bodies_old on webhook_bodies (created_at);
alter table webhook_deliveries alter column body drop not null;
{tenant_policy("webhook_bodies")}
"""

DROP_BODIES = """
update webhook_deliveries d set body = coalesce((select b.body from webhook_bodies b where b.event_id = d.event_id), '')
where d.body is null;
alter table webhook_deliveries alter column body set not null;
drop table webhook_bodies;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return outbox_sizes() + BODIES


async def downgrade(db: BaseDBAsyncClient) -> str:
    return DROP_BODIES + drop_outbox_sizes()


MODELS_STATE = (
    "eJztXW1z2zYS/isYfWluRpdJnNdrb27GStyeW8fOJE5zvVyGhkRIwpkiVAKyq7b33w/gm0"
    "mKsigQICl6P1wvJimA+ywI7D67WPwxWAbsv2QiHh+TgE7mg2/RHwM85iLAEyH/mGKPkyEa"
    "4OVS/pU8PJBXxnhyfYsD15leO1NKPJfLB758zd5hR6xwy8UCZy79MZgwX/VFfcHDrhf4N8"
    "cj/kyoN3n65Mn/1I/GzoR5q4Wv3kC9SHTNJVO88tRLDhzn/OLS+Xhy6TjxzbAPR6yXJGpX"
    "PfXz8Yc3/zz+8Eg2+xf1GJMyekTdOY9vHUX3wk7T1v2V54UX+CSgS0GZn7nIJvL1qT+7u3"
    "TXs2r5zRwH36srqsMZ8UmABXEzwFLfJb/lrvh4QTKSqmbxOHzP5InlWsyZn/Yh30A9uPLp"
    "r6v0MSnDDnSPXrzYQPeGBFwJWBNh2fRWhMN73UA4I61BlDdAlfcF8YUuqD9+vDhXtxec/+"
    "plsXz07vhfRZjfnF2M1KUl42IWhK2EDYxMQq4a1IQ8g8VuyF06EehP5FEuSqD/us/7F+eo"
    "6A3TPxdHi8IDC+zjWShC3EQiQWG+VPBvTHPLuLtQh8WPcKaa+evR0+evnr9+9vL5a/l8CE"
    "J65dXGCKKu7uA5Pb80qflTX5QqXgSrvN7jCwlokQC7NU79vKZVM+r1RfyzAU5Rj55xBJsR"
    "MSdBCL16NNWPEHgyX8jBdkamgt2EjzS6tuGVYI7PbrNdxZcc7Ga/jl0zCKf+hOgOgcvTdy"
    "cfL4/fvc9NIm+PL0/UnaPw6rpw9dHLwsSSNoI+n17+E6k/0b8vzk+Kc0363OW/TY67t3Kc"
    "CbogmrNOil+FOSfu6XHyj4pLa/RV/+3o6NmzV0dPnr18/eL5q1cvXj9JP+/NW5vfOae/a6"
    "t5dPqD+thzWjP89Y/obNsEUEUHv1dUQXESqL7SyqUF+8LRny7DZfVZNPizw/rTp9O3JpFU"
    "7WnimJNxN5irFXUfh69fZQUdHPuIjdU0iMQcC+QzhNN5FAVkKi0mJNi3iPlE/g9RwdEtXi"
    "PqDxELwqu3c8ZJ9leUo5m88XhQAMZ2XzbW/M01Ze/13+DivsdoHfx9uvInSssoHBHqP8//"
    "MWhiAGuaAuUDd9MgSFUiPZtIJ7yKeTDy2PhwDQLBVpM5cR2s7VWAVVAA0bZpsJfBX8cQaM"
    "jk78aKX9O3HsXucvoBSNd6dHp+/OGX1LlOv4Kzi/MfRiXu9eiXy5Njs2aWj4O1UQc7noML"
    "sI/XgnBN4K/JUjjjdY8NrYyEO5G8z8qqgiaf46MXL7Xn8pN/Xd7PEOUGcfJ4kTYyCPsl+U"
    "171kihsMnJgadQ21NA8VQjrXHpXaMlCVDU42P0k/x0ktsczfENQVfx53T1HWLKIFO2PJWW"
    "P0NjEhn7RLbihqZ9dJHfyl+UeA3N9WvBgwjNTvAZ2vUZxlIJ25yEL5kJ6O4D+przHd6whX"
    "I4BgfrPkwCoqAH96GO+5AH0Zz7YE7NxKWg5ZpazmG40w5sXserpQufcl0l50HsFBOgxh83"
    "RwU80YZYnwdIRTBIBOhAWTO5YRPMpy2AuVfOgj6vImejOQv67R/lZKznH1WBdMxcbbqkVx"
    "5+AoRN/16a51Ss+z1+czLaH79xd2FzMIw38LA5mimXWHtEvZkm8qOLi7Mc8qPTIrSf3o1O"
    "Pjx6GqpBPiTN3vJVL5FOk9xmzCPY18Q8D8RuyMeyN03MlYcvRZNW4YoTtUpoW2Hqm/vy1e"
    "SoPQ4CrBsgKJdrN5RbsvCqQLnEAek72ZqT0Xq8IOaWeg5pTkjrmEJIoGZIoNH024SDHQKX"
    "3iqXPon0UCnnJtbZiUsPmDsPyNLDE2Dc6jFuBRStUW7ghbfphceTQ7/X1LyQ9v1wsFPqpi"
    "58VunGGMWKQxxTF43JlAUEcbYg6stAUdwH0ZIMhP1/bs/+CddSsIE6YQM5aaCjoiH0UeAD"
    "3pQESQQG7CBbSQSwMsPK3PWVuQqkMUfZY0AzEvaBkAnXNDBIumGQcKmM7YmO+ekxGYf5VM"
    "fvadgimChgonQ3zxFy4AyoucM5cLAbDpLg2kiC87A/W0mrB/jiAhg7Y7H6lPESizngnQHC"
    "Jj+v+nCuCQREimBYBf1B525Y4glgAy1soO0y19UyORO68UNgZVplZaZSCZXCQ0pbb+bS3m"
    "qcegFnbauzVm7oHpav1hKaDblr6vvq94KUkdC+SQXe77Bx75dpF7fuFdrMdOVroBlapRnA"
    "4zU/PYPHe7/Ha3pqBofXUNplbA0il7qq4pKq46omoa15lvc9b8lVjp2voWZt95pVoPWHWL"
    "s1oBsrAh+awZNQR9uzG5KFLT8vJ67IZpbDZUAO0d2OsGAr/RqY3SgSkpejb0HSNhC143Wb"
    "meIEE9hz7Je718e9Vq37vHg2OQ+wSupaJRd+VEMyntyjWvRzrMpHuiikbOUKNCfIJ7eEi8"
    "Qa+YZLMRdjEgwR9pVdIhXON00Y041bsnfCtW9va6ddP687YQIznl+5lSOkZirFDH6g0wPe"
    "VAuJmuF79T1Rc0EEDkeRK4cy6LqGrkuQ3Ml9QGLuQaq6w4m56SjEQpDF8tALVZaK0zdXtD"
    "/5umZc0WVA9c/W6/qha6lw5hIZttpuvT4MJC+k/ejOZBWogwkgM7cIhsUID11IT9lZBR6A"
    "XkTDIurpossFFittC6JX2JdgYlEDYa8A+x0QNrFm8ZFbAHaChM2YPZ7VArs7VVsTSXZbHj"
    "XqtAp8TXxHMYA1jLnSarcZsna8op6gPn+sXrQGX1sPzYKgdmGFGI3xsiBgpJEMDppTaEk0"
    "7Cr3aVwhHBC0ICoWxdVpy+iW8jlx0ZQFiAp1KjNG6suIAlvXhCw54kQ6S4KjacAWKri1iK"
    "JYLlMnPC9YUHISdGO9WoifhYGXIWytaXVrzUwqoXKY7FgicEPFenCw4TI2CV1iINZrEesF"
    "FK0x6xvqk8Ot92frZETcuToZOpmk14A2fNjLnLquXJHVamrUEWjNgSoIZNXgZ763dqSx0u"
    "PhmBXR+vcNDpR5SFU7uqZDnzyoBAjd/U+bPtQ9L23H+0jt2SF4Ia17IQ7OaKOKN3Km1pmD"
    "9UQgcW9Q3xHpfuJeQG4I9kDL9Y48yWDYwWS9+P0gNdOMniExs++K7nBiJmQNQv5aq/lrkF"
    "OyPadkL/+yEt80mWD1pfSbISlIaZ11Wsrpp++Y5mQEHg94vIOdZ+vyeFXAvqGcjqkXkzsP"
    "HvI8HOYI1MFVzoW6QlRlgRBfpYIsVAKI/DtMBeGqHsyYyP967neheIj5E6LSP9bolpRmmh"
    "ht2hKhexaHnoDMbZvMVUHAynklF7GBMgA29yHTAt1nc4H9MaBmYH+qgNw19sfMntHxypXr"
    "gC6+Xd80eifdTo8QWLdKSwHsGm3BPdmya9S4V6jmc13A1dpoek3ThCsRY8+VTBO0a/kiME"
    "ozQNgcoUDGN0jGp5Sq9s7DbiXO5uWxmjcbkHjOhtG6CYfNMQvEvHliXi6QvzMfRnIRDJM8"
    "8ZrgwHHxOuRx01f6Fi2YL+bR/j+8RpiHRcOTkprjNbqd08lc/hcLFH5kHKmWvHVE/658t4"
    "Q4ttuXJSY5pSSHwCa3zyYnEezKjPL7cO0dAJ/8kIlG4JMfhJqBT64Cctf45E1qmAZiLi2B"
    "HjBCWVH2y2EGTrg7nLBH/et+e3YZCa2nsAGV1iCVBsXSmiyWFhAPK4n4nMIplGWAWMReHR"
    "WjPdJ//Hhxfj/oRXwLc7lqwCjoqkFN0FMkKljAdCLQnwgqs90LaNOV2TjpeWmbjIS1zI1N"
    "QvOel7dDD8b80hDIwfbJwSjOVokaVPnBp4IsBkAMPmTGqPvE4ILdgJLrKTkLYRdVvFyNPT"
    "pxgAI2oOtSLLuodNC2AW13mPCPB2IveP9NWcynk+8F7q8rHNZyNAdrrVGsj2xWkJYx7cVI"
    "bShCJaf6vsdYsiLapzww53Tmyw4F6zOmeSmtR1pCp7jXRFJGQutoKpK032hmJLT/yUMYEI"
    "5M6mcUkM9xAKEokoeiiVgUHH93B3zZqXew6aHd4F9J/v3lnKDIvUax7xLmwStuAnkE3xDE"
    "ViJKfaccXZOlSI/nCbPkw6Ir6o/wMJ+o9Mpm5r21XiwE1dLIzBBCaq2G1CJrUGqiUkDtfR"
    "wpg3jaQyZkux9Pc4lHQM011ZwHcb/EZoiuHIqWOxxdAbJ6D241mMzpDdG2hUYXF2e5j2B0"
    "WnR8Pr0bnXx49DQc/fIhaTSUo5zIplmRhzFprPq65GsGht1wj2VfmnhnhdOdfPrkihbwsE"
    "lzAaXYYMXsW7/vaapZEe0T4kCmGIcUqg3nDQ5L1YYbTbp+f0chAD3UIj0U62MfcghOjQbH"
    "sgRFa57lpisEp0abLZY5x76crJOPrcYa251ibZsy7R6fNWKWcPC28VEZdxc2B2bfBh42nc"
    "J46e73cM4LCY7hATqGMDdYO7t7cEXdsMCfyhcgN3Ly+YaX1ALc8pA9hxGO+O6W47jXKd+x"
    "Dr/HNyyIogsH6kBClsGgvv9oK8sArBuwbvpg3TzUAiJGUjLbILPTdQ1sk27YJtNYIdvY7S"
    "+FaTIZj1/LrJZ3RFWyBpsFbJZOZ0ZCzpwBNUPOXBWQO58zB5a+BbM0YB6QblkgbDLx4FaB"
    "W7X/6tUvtyo2vIfgVHXCqVqE6jDiUl3i2QD8qYdsaLfFAct/sQCsmCwSkNHfj4x+cHogvN"
    "G2Hd4Nw1GZF2A1dsNqFHhWKcf8o5Az94x84o1nB5Rzc387Onr27NXRk2cvX794/urVi9dP"
    "UpJu89YmWyfNX/0dm6c/KLYut5ht0ndPtMfIiM70GbxEMF36riTjaLQWhCM2RdjzouolUi"
    "VyUhLRRRTNT5tJSHv8zsJckxmw9eeaJpeZ7kw5RhaejZmHR4pxVpxUmXguMb9uesoBZ/RB"
    "OKMGy57IEQwqrlPyJAVwp7sLoduD1HCHQ7dYCDyZL6RlIi+ufG0tmzQC9S3AMmkMBnMhNm"
    "65nkxUxZr0m9MoSLlz0q+9lRIO7jUPKpTiKRgxjZXikQOQ1oH97cWn0dkJev/h5M3px9O4"
    "InJqgIQ31aW7YlMfTo7PTKL8vcew9nkpGeF3D/Kp6kmbsqcqTxXKmxTBgDhJzam66TgJ1O"
    "6G2t1dDkxVgpQKyHAkOSR0R3DLccCQ0x1CBLDVCKCQSqgU+lPaOk5JhQFw8Q+Zxus+Fw9s"
    "rQE1d5itBTJxF5w1cyM4/V3bzKqWG1FrZNdKj0hk28nN6BO4QDVasP2v5auA6Z8Bwqbvui"
    "AuxVE7AHkRDkjHhnTsg5mmG0/Hlq5ivxHNSAjZ7QdIIq4CD6bYOxw0V7MO8IcZRmoITGLr"
    "TKJzl3ZUmVR8E6Yn9WE7Qa20sa77zDayyMAcg6gvRH0PchDbPbH5J7VPaLxW24MCOpuR4D"
    "FSxysH7DbcNaSOS46/ovCM5UitCAcECYbGBGHXJS5aLb9FnJCw/vGCzqRwsvnNHUq2O7Nk"
    "+rxJJuT9rB4zS53+2G53nYtNoNo2UXGJK7eGwjWzsiF0hsfEa9oQgsBqpyJuEFh9EGqGwG"
    "oVkLsWWC1x+KBODdSp6WVgRPXhXBNIei+CAdGopL0DoT/AGz+k4kB3jtAQ+Pz2+XxPqWJ7"
    "NcnsxJj5rvPlJC/DwXnoBfoxd9gUXB5tlyfFz5q3s6Eyl/Klh9cOGI7J1tQCIBaNdbLAFG"
    "LsOSRsow3mehbxEnvdNOqUR+fr6edJX1yc5VAfnRZh/fRudPLh0dNQBXcbsU0T5ox5BPua"
    "cOdg2D27j2Vn+oAv0nLjDxrwOxisAh5+SHPsu7DlkpTgYZnsAuQLFEwjyMMJKttPUDGNNZ"
    "z2USdLQmUpSCsHUT/MOlDO7xhzoo58fpQyQkMUv8Jfhuh2TidzdMkCwah8boJ9nwnE8Xoz"
    "KcJw2zaYoiytMITirlqckZ3irnGru84iyXVefhTJz3Eg72BpI8iKGNTnjho6h0SraqRK/t"
    "JVrWGvoka1yEQKg9FyHTRd4hHRAzwzcrSM6JR6xHQ905ZAzYvSMq5xBs/Bg5qRo2VEjSce"
    "tYRol4s6CCaw5/S5tENeQpvJX9IgnLOee685Ge2nakB9h0brO3AuPWzAO4+FRbYL0rsgve"
    "uBp3f9fGccQXJXi8ldsZFa9ZzgxKbNk3OfyXjOGJzLBORct7csuZSrVwI91zucKY/iTjup"
    "eT0vsTr30Fn5okbqGSi6CGMXNR2QG8pW3OFETj8CVF5X5dvw7KDuYQOqAYXDBtQqIHeNBN"
    "7kICH9dNBQ7ikU9LVA3oT9scCBnLusAjKA2CSAU4Ne9snh8DayBROb2zZukkJ5usB/+WoS"
    "uOMgwGvdTRepLLvHrEe5foW4nKWqvfSpIZcdtHLMjk7Pjz/8Uj5qk+ez8/bol8uTY7OBTx"
    "8HuviXALNz5I7XgnBtRTzkYIad80lhTOfhLx3K20y7GmMZYkhQYbmxCst72XFbsv6jDyMq"
    "QsgJlgbLY3SVtR2vUFR7DoVMTpjCP2HLtapnqP4dDYZvOIpTtNG1r6odho9FrZTvCGioXw"
    "uBxyRWNYTAY6uBx9tID5WKIsY6GzF3PYAY40OmKzu8AaBOMmVnclabyJccq88YTII7IGxy"
    "O2DR1t1c+XmOhdrtyIkv0JQFCPso5DiGiPkTEl3yPJQsaN+hK/UVXakdk6EvsmlBmWnSnn"
    "E0igdmTQMpFOmhbaTMCm3aWHLkjEHJPibTW+LRGxIcsNmEhSCLJRhOdatuFWDsYDwfDOQO"
    "G8gGk/DktAUqrpN/lwLYRfV6BHMCeVg1dVxAsYOzNZtMVkEA03U9PRdQ7BShEZsM2mHpTV"
    "LjiTbMNSoaZKQwyGpoFTVYRYcBOQuDmLZEFBVk2TlBWQVWfuJL2Qpx6p1w1hlwS+QxBzDw"
    "cXvwccYTfYIADgohOSRsp1X1m/vcQjfZSUuRTblkgfX35htMNE6AaCPTOIeD1WRjSK4yP4"
    "rT1RUWvqK90cAKCIfQNnwILV+NE24fEL/DAoKu9SbthtMIw3ZgCN8BYXP8JuHGXg/gvJDG"
    "0wauqHulYvwqpfEq7uuv6hqbqlh/sEYxM/UYfaayo5VAGF2pBVj+TKjUADf6sTp2Wv6GCh"
    "7lCGymE9jr6j/+f/yLKbpV+Qq3mCPMr4kbpicwH0UmsPphEJaDVr+OO5L/r07RVjylelt7"
    "mQppfHsI6ZxdSOeU4IUK2Z6l8CXnsmY+wkJJGRZc8yWekI+EQ+HnBx8n6X5Y28NcOHgykc"
    "MVlF0z+FkCZRdVDgUoDCgbClBUAbnzBSjkfdVTFBPstd9QIql1yhIOrmzwxPMlDpSByiPD"
    "s9+DuVRW68MZohrmMVVksvYc8ePHi/P754jidFDAXTVgdI5QDdag1StOEi6dCPQnqlGGQu"
    "BZT+p2JJLsRq0OXMCMG99gD0fnmYTzNiGenCUWczC6SiHRNb82efJ7Xt8CaVwkFYfAGrfL"
    "GqcjK7ZAt+9t+9//ATEEWbA="
)
