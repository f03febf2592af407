"""Indexes of tables that may be large, made while others write. Not in one transaction; may be repeated."""

from tortoise import BaseDBAsyncClient

from shared.db.indexes import NOTHING_MORE, create_indexes, drop_indexes
from shared.db.schema import MESSAGING_INDEXES

RUN_IN_TRANSACTION = False

INDEXES = {
    **MESSAGING_INDEXES,
    "invitations_sender": "invitations (invited_by) where accepted_at is null",
    "session_tokens_expiry": "session_tokens (expires_at)",
    "api_keys_expiry": "api_keys (expires_at) where expires_at is not null",
    "invitations_expiry": "invitations (expires_at) where accepted_at is null",
}


async def upgrade(db: BaseDBAsyncClient) -> str:
    await create_indexes(db, INDEXES)
    return NOTHING_MORE


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_indexes(INDEXES)


MODELS_STATE = (
    "eJztXWtz27jV/isYfWl2RvUkdhKnaaczduLduuvYO7bybrfbjAyRkIQ1RXAByI5m2//+4o"
    "C68KaQAkGJkvHFY/EG4jkgznMuOPijg6dyfHRGOPXGnffojw4eCMmxJ9WPIQ4E6aIOjiL1"
    "S1/ZUT8H2Ht4wtzvDx/6Q0oCX6izv35JnmHHLHPKxxInDv3R8VgIDdFQCt3uBH/tByQcSX"
    "iNVy9f/g9uGvQ9FkwnoW5evUV8zCdDPA3gDTv9/vVNr3930ev35yd1G305i0j8XLjq/85u"
    "P/zj7PaFeux3cBlTHQwInLmenzqOz+lGl08Pp0GgDwiP00hSFiYOMk+9Pg1Hq0OrluHJH8"
    "aYfw9HoMERCQnHkvgJVGnok6+pIyGekERP4bF4oN9zcUU0k2MWLttQbwAXTkP6+3R5mepD"
    "CbrHb97k0H0kXEAHayKsHr0WYX2uHQgnemsR5Ryo6rwkoTQF9Z93N9dweiLE70ESyxefzv"
    "6VhfnD1c05HIqYkCOun6IfcG4TcnigIeQJLMoh96kn0X9RQIUsgP7LJu+fnaPiN1z+nBxP"
    "MhdMcIhHugvzRyw/y8RMCdjn5rho3pYWYPYLHMEz/nz86vXp63cnb1+/U9drBJZHTnPDh/"
    "qmI+fyumdT7JehLJS65NO00OcHFojFHSgXNw3TYobHwOvL+W0dvEQ9vqYv2YjIMeEaerg0"
    "Fk5EfySzraox9TTWD9lTsp35oT72kx9C6WTBCcDax8bzRe/y08Vd7+zTT6lJ4+NZ7wLOHO"
    "ujs8zRF28zE8nyIejny94/EPxE/765vsjOLcvrev+2OdQ+KgwknRDTWSYFYoWJZt7c0eKf"
    "NTO9PTGTrxFVEDox1xFzGsSEmOcT0M6lHGAh+1PhPud6cs7C2EJJc/LIHpyc68k5DaI1KZ"
    "fJzqcjIozldj5n3EuRKXZ+fnl9dvvLkp8v5XZ1c/3DeQFDP/+ld3FmUxDnNMR8ZiiGFR7l"
    "mnMwk6oLZrjr9ky/lot/9b5tFKVAX1yetZQsQt4jX4vpcTngCyCaNEIjTob0q4M7BUWTgA"
    "uPRfGnYQr4r19sAnbGOTadEVZ9KUdsjbVeBTJJQhzKvrnBq0fkSawUk/Pr58+XH21iCc8z"
    "hDLVx3I0p1PqH+nXN4NUsSZ+WIBmnAuJDtZDM+9O6pyhWBUiFgYz9eYMPZAZogIJyTjxjz"
    "qZrlW6wborKvZ2dDd1RVn0M20wSjp/G05DDwBGWhjw5/XfOzsYOPXGTN43FdG+EnaCC63z"
    "TklJJpH8Wb2YNjz20UlFQt+5LjYydTKDLwGgPe+UBV8zGNkt9zaXq9hFJzb3OK/VBJ/DgI"
    "3UHPwe4SBAnEQB9bBAHpuGEtEQUdlFOPQRHkrCEUYex2KM2BCp7x/BhzjAgsSXqy4rdYC5"
    "FOoO8pRXIg23ZV3/pOazjdVQOib59nVuSD7Eyq1OOPLt67XRSDi1m2BkZkaYd3NziySviW"
    "KB9J+0RCoopKlPpXpxGu6pNuLEY9x3zre6zrcUik2rpb8cH5+cnB6/PHn77s3r09M3714u"
    "9VP+VF5RCfK7scPu8gdQVSnRWdZd53Rkrr7mXTPVXlWswrHSGM7fuQB8gYa5t7OAMfys5l"
    "miVbIHUyvoZ4xi4x8B+8vr/Up3WNfeq8l/Y9W9U/9NewxJKx6dvBYHwfT1SKiswon3EDGY"
    "FfZTjws6Cp0Wr6fFUxg6He50uNPhFiOW8HVhOeXGYcvDAz4FiVUG1VNMCDI/FPmRfBbToZ"
    "gZyTGWiBNIJAX975NA/S/eIyoFWr4POD4Ua0JDxtET3PCEBRoQ9ZPkuVfDbTXE2pb63lG3"
    "NlK3hXgq8rcLjgV8R/tJ3hToLs+tbj5jEsM2Zq0OaUjF2Im5npgzKFrJcyuMXkeECzXJMr"
    "5yJDyNmSAo9vUJNMaPBKLU8YU4QPHcgHA4QxOlvP6K7hMvew8RbR7fBG4KFvhxrJsUeDO2"
    "3nojOnYxJ9dXsGI6+I14z07DprttWcWSWDoV9atbE/KsZ92m1oSUJl7q2e2wcrByGZXJPj"
    "af1CYIDpQka0SGD9AOT2FiOZShLFoWkVBoxZtV18pYVkp4fvhPYqneIYShjseqv4viF0RT"
    "1QOOfrz4pX9x/eH2l596lzfXSlwfbi96RSGRLbX8n/A/IfgAdLpemM6koAK9WBqKXbQc69"
    "91FZ+h3hj1GJeMQs4FDkMmkcCz5hiJnVw/Z+7b5iLfyP37NT0/rt7iS4ahXLGRYyiOobTX"
    "/neZNnuYaXNyfPp2GZeDH/lI3JDxialA7z6dXV3lY2+vjNG9m+AgMA+9LfpiMfZWHUghsZ"
    "wKdcA3DhGtwbPWgK0JaaZX9pGtGUjmRDUjZH/JaQ8xpJzrZOvE4OL5deL5WFNkY7V6SAs0"
    "V1A0uUATjxRNGKmXcphn0SgNSdRAPV4nddj+sHQnS9Gs6w+DjH/Q0TXmj8NziGVAKRVCnb"
    "wgEvrLRIxnP5MkwWhy/nYJcNtPgKPGxTcPaojTbGVO21pyQtSDjDXkQWG9gqLJyYRNpcdc"
    "ORqSwaJJyBfRHDeHp8OoMSKN8pWIk0fKpqLvdGgK/ywszSrTpUeH+caB7IOaeLKANKhg1f"
    "iL1CWkPzF2GH68+Xx+dYF+ur34cHl3Oa/RvAxd6JNwSB2gUr/t7cXZlU2kvw8YNoc61f/y"
    "gT6ExgzBFkRAne3DtvnTnWzc5ne1suxDOoZuuIk4gUST/A9SHEiNAXxYiCfAaBJ0XS4Nj2"
    "psR3BQsKfhaJBvHF4dvkIoLSi/ggTEyxBFmEsKvwUazNB9IoXivoswmrBQjhHB3vgIwe4U"
    "kLR3/5syptRZSMnT/w/u42V7Uo0XuACeCTmEesUehfUIsNQgn4W4/eYbyRyE7LKuqxK42y"
    "qBOlcwYKOKaxY+wcDq7GdOINQsMVYyLktsAV8b8wDjmnJOuOZlOpYA2hFv8fK/hdJaFAdU"
    "804X9Be8ReGKvdIbGlFM8SS3sWrKVA48yY3SOvXll6UDT9aXDjxpSelA8/Lxa/STpjPlGk"
    "p9A/jia8T4vhYcclnrFqay9metu72WDMScLVi8bqsluynr65b6qd5NJzWcFocXqyoAptlo"
    "1eF5MLa4kwCsLVyISu8HULokUZd4fiCR1EWFMPLxDNYbQolI8kj4bFEYGhYdqv+xj6gsrm"
    "u0pXZtU8MEu9iYGjqvhVWvhaZgRMuinBVeho90nna5n6wQe54a/o4W1qOFGRRLXcLbp4WO"
    "/VsQs2P/z0LMTdF/e2KeRr77muuKOQ1iY1aeyc40inuKGutbbC5QNl9GmOhEObjVV2+mHK"
    "Gv3hakezJdhIuzoLZD9FV2xK8conBqNw7RfCJnusP2AvulWD8bjAuwrZutkgb3+E1+MyAy"
    "wdQ4YXwBr3rwWnz1uXYAvOzr9hHuUx/qHcvaOy/tE9SpTjeGecEOV5I9kLBfbxfqfdrqKt"
    "tf47hVlUX1cyt0YDyUW+i4XGtrD6qlzddNlB1SLmTfbd+9rOebhKPBJEIKrrVDH8zpTjaf"
    "9Q1l/91YXqCfQqPBobxg6AcVUFpnhrglIW1cElKYM7XYvzvOfwJaSHykCYve0/tbW35/6x"
    "bbwbFEkKXrgmM7DY7RpSjKY2NX9JH0qPdA9jVjyjnTO5t7WVuSSuNxog1cHBy2isj1s3kO"
    "Wc92P7zkpE1s+zo5SY7xWB/Kh5fmVW2hmh0C+QNjvk6cgvrzY9gTbowfCHqisKIWCaLQ90"
    "UXYQFb4UA+lfr3gcS3UHmEVmyykGzaf7xtYppgOI6Y7paYBkoUfallUc5MP0GsYT85qcvj"
    "MeCk+5fH46ux60Rsbnas8GtVXgeU6ZxE5osJ84kdL40BNk/sSPaiscyOk+MCAjyJgholjB"
    "ee6pPjtWFDONWOKG2ysxbjs2vWnDhrLr3UpJ41V8CVb4lHIwoLE2DJQUDUJ6T4KmymrNt7"
    "j/Di4ATPkIc5n8EhGj7EmzLH+0LhEGHPY9OwYPVDIy3YZsyf5lkejivvkCuD174aSe6BY9"
    "8x5edDo/aPKTsnfX22vCUnfXnq7pQrrJ5HRmmir03Su8PzcG5xIWvKg/gedu+OI92wtlQy"
    "XlQ+q9otTdCqWFdvzK1KEzafT6qmhSTNNMnqa9lXoFpkMiBcjGnkuNbzUcL7x7XcsjMLYn"
    "bLzqqAvHfLztxSKJu538oW8SR9NEb0/ObmKjXFnF9m85A/fzq/UJBrxFdl6/NjeE4SDF2R"
    "TKGFQ9Ps8CQMFdyRqjFnJuym3s0DmSEa6qRY4FkDLAhw/hfLhJYumr/Cd1Bhhnpj1GNcMq"
    "qu83AIdXMFLkiCsPxs64bHirlubHnsNMGpPc5dKylPefNjKZh15sev6ZYXH8iXhFkyxEpP"
    "BKD1SGc/DRPnHTRgrFvyDtqTcoSFeGJqbHljrMaqM1BqGShr0GyVpeISKVzGtsvY3gWvrp"
    "qx3cyqP2en2ETzSUlOqN/sgbbB0l70chemdhYKY2u7wD68YxMCu/zBpidIjNlTbMtxOhpL"
    "tNC2OmuHPRGBMPKYX1Cy3vwx1q2+pGHQddk8u83mGWJgarE0KsSahvgi5CzQdZT306hT54"
    "eUTxzPrxlvysBYqrxd1dL9lHNDccViM+4vx8cnJ6fHL0/evnvz+vT0zbuXS3sufypv2OmS"
    "HIoE+X0hSWRMSi5/AHqREmKeb9Q0QEbmhl++l6Ufn7n1Ny+eL4gaCM4IzO4psILFar43+O"
    "3jR1erRH+EfqaqralE98l5+R5RCcsaBQqZ5n66Tn0403uWFkcLttJqA4xyxUrqM8rtmYnt"
    "oZUWLMdCbkkWcqnELW+Jx2DnhA/K9thTeqnnZcc46qS4CPuk0vk4t+/j3DDWPZ+BuvMUWH"
    "uB7k0f3IB2Ss1rTkG1SUHxuWj64O9aH+1efRAFoe5bIoi8JeousbdeEWcrt9NWLphFv1d8"
    "GnbCjquW+L7CRKAnLNCIPpLwPWxBBQMXaDg4e1eLMmE6DBiDMifTCMH6YN5FwN/ZEAg6kP"
    "U/KeIPLuH8FLu1Vm3Pv6mvc+PJ15UBL8zqsFAFPDcdcxCUmpC1pMrthTs1APd366w4WNSH"
    "Hrs5t5YfOoOjc0QfqKBbv8DFpQtaEHP78wW1+10QEjpB1xF0FsY2ipqTR+CtTtB1BJ0GsY"
    "XqmTPp1HNtKadAbKGUIVYaqRecRk7QdQSdw3FrTvq508FYdoe0+UgCiyaXUs6tKxceKTQ6"
    "C6Mkxd9AnURwb8o5CaWTQlYKOVyaTciPFJOhbLpI9HXyyC79WYtPo5/HslknjzXy2JIgFk"
    "SfEyzM60AclJrOQ1IqAXNl/ZwXDDW0xkUHe/Fonlf27IdzGo4miadbqlWjpMRNSCCeGhL/"
    "zzREvtICnnoorO0RTO+HMcQTGswgAMvJUEEzjuvMiSP0UasKsUHNuqYbsx0OXoQNu27l0U"
    "5XHolYDpXjvPtcTdhFhjr1HU+72gzOmRX2c0OrrTzR3/1Bs4B0H5vns85EcEUFzFj/NnaB"
    "AxoJJLJgkzbI6ob3WOwdPP9w4s0nzDeGa6rFhkirYZVmx1ybYK5V6zPfqTGmuvUjme0pe3"
    "XpaxbYa/vT17hqhjsx1012SYLYxjQINRuJ/pCziZOyeQ5ECsTtmaLRdBBQr/9AjJcZHJ45"
    "msakaZNUr/qPOH1U7+fkkDZli7Cxvnx0/nwUYV6xTMFfEUbzaVmvEQ0J1QuV9EeMQsXhHw"
    "mnCglYtDRDE8YLymdtt2nr5sOKgm5sPJRu8WJuTOzT9i5VbYjSVU4ilgV8IOW2Q0/7Mjp7"
    "ajcEzBVDqFc9OQVhC9mkMw0tsMn2m4Zu6x4LYnZb91QBee+27pGU8LoEaKOtezpDToi5G7"
    "XOruLzrlpM/ClllyKYjp4Dv1z005hhlluvuinT+fuQ0tgWQJiO47xp+o2XtmzKzS2CrosB"
    "7TQGFAeZyw24z0If2UfzDYcsnE2oM+Fq8r4cjm2045ypXt+Mc7b6MxBy6231uDTT3K/spF"
    "0v5bQIyxZ+2rqWRsBG1NUkqV+TJIljC2XttquzKfHGt6tzTthWyds5YauA3G4n7NoinHX9"
    "hC2tvVnIShr1w7oyp9bLnFYob/OIJeb9KTcexwflpE3DUUrEzJca+1REAZ71nXt8ucArDU"
    "iD2KcNLFP0D2QXyTwYFbLniveRrIL9kHJl7bhRP0c/DYdF1ZqPvIg+9iR9bMOuqfMPehfD"
    "PQVDoyNdtaQmNDlkfKJsrgk15tgHMtEU4tGoBLRjxU01STfTNmaapXdjjMXYQV+ESKPwcz"
    "IknIQeMS5a+c+7m+tvg5/FuZt2w8ADsuAnovKDKQ0kDcWRTz1ZIzAPzZiKJI1SBZ+MelX0"
    "XxRQUeQ+2GVyho72d11qxk5TM2DRdrXEjDsiZdyjfczPcPHcTn1/cPvjuc7tb0HMzu1fBe"
    "R2u/0Lcq899YIjxmt7ozfKv96V2z/Z2W1mYNdY5drqBOwsvpVXrLoKra780j6WX6oC5yMO"
    "ps5Jk0LC3iqBzs1QV52akMkgLiwFv+IP5j0awQ8oRKXLTcXXiDGNjtC9fpd7WHN+/5tg4X"
    "0XwYbF+v/B/Xv0QCIoSQVbb3rq7QtqtG6v3SZM6oWd1nWW9c4ta9hpEYSxfqvkJE+Z69SU"
    "TkhsoPy//wff8Zyr"
)
