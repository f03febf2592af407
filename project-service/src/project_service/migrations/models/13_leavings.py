"""Members who have left are remembered until all that they had is dealt with."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import NO_TENANT, tenant_policy

RUN_IN_TRANSACTION = True

LEAVINGS = f"""
create table leavings (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    project_id uuid,
    left_at timestamptz not null,
    due_at timestamptz not null,
    constraint leaving_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
);
create unique index leavings_once on leavings (tenant_id, user_id, coalesce(project_id, '{NO_TENANT}'::uuid));
create index leavings_in_order on leavings (due_at, id);
create index leavings_of_project on leavings (tenant_id, project_id) where project_id is not null;
alter table gift_persons add column former_user_id uuid;
create index gift_persons_former on gift_persons (tenant_id, former_user_id) where former_user_id is not null;
{tenant_policy("leavings")}
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return LEAVINGS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
drop table leavings;
alter table gift_persons drop column former_user_id;
"""


MODELS_STATE = (
    "eJztXW1z2zYS/isYfUk6o/MkzuulNzdjJW7PrWNnHKe5XpKhIRKyeKYIlYDsqu399wPAF5"
    "EUZVEkQFL0frhcTVIA91kQ2H12sfhzMA/of4nND45I4NrTwRv05wCPGQ+wzcUfE+wxMkQD"
    "PJ+Lv+KHB+LKGNs3dzhwrMmNNXGJ5zDxwJdv6Tv0kOZuOZjj1KU/Bzb1ZV+uz5nqeoZ/tz"
    "ziX3P5Jk+fPPmf/NHYsqm3mPnyDeSLhNccMsELT77kwLLOzi+tj8eXlhXdVH1YfDknYbvy"
    "qV+OLt7+6+jisWj2O/kYFTJ6RN45i24dhvdUp0nr/sLz1AVmB+6cu9RPXaS2eH3Xv15dWv"
    "UsW347xcEP8ors8Jr4JMCcOClgXd8hv2eu+HhGUpLKZvFYvWf8xHzJp9RP+hBvIB9c+O5v"
    "i+QxIcMWdA9fvFhD95YETApYE2HR9EaE1b1uIJySViPKa6CK+5z4vCqoP308P5O3Z4z95q"
    "WxfPz+6N95mN+eno/kpTll/DpQragGRjohlw1WhDyFxXbIHdfm6C/kuYwXQP9tl/fPz1Hh"
    "GyZ/zg5nuQdm2MfXSoSoiViC3Hwp4V+b5uZRd0qH+Y/wWjbzt8Onz189f/3s5fPX4nkFQn"
    "Ll1doIcp2qg+fk7FKn5k98Xqh4Hiyyeo8uxKCFAmzXuOtnNS2bka/Po58NcIJ6+IzF6TXh"
    "UxIo6OWjiX44x/Z0JgbbKZlweqseaXRtwwtOLZ/epbuKLlnYSX8d22YQ5vo2qToELk/eH3"
    "+8PHr/ITOJvDu6PJZ3DtXVZe7q45e5iSVpBH0+ufwXkn+i/5yfHefnmuS5y//oHHfvxDjj"
    "7oxUnHUS/ErMOVFPB/F/lFxaw6/674eHz569Onzy7OXrF89fvXrx+knyea/fWv/OmftHZT"
    "WPTn6UH3tGa5q//pF7vWkCKKODP0qqID8JlF9pxdKCfW5Vny7VsvosHPzpYf3p08k7nUjK"
    "9irimJFxO5iLhescqNcvs4IOjnxEx3IaRHyKOfIpwsk8igIyERYT4vQNoj4R/0MuZ+gOL5"
    "HrDxEN1NW7KWUk/SuXoWtx42CQA8Z0XybW/PU1Zef1X+PivsNoHfxjsvBtqWWkRoT85/k/"
    "B00M4IqmQPHAXTcIEpUIzybUCStjHow8Ot5fg4DThT0ljoUrexVgFeRANG0a7GTw1zEEGj"
    "L5W1nxK2HJ8bWQj+nD80kbYKakMGlC1SQrRhH/kMwovxxdjE7Oji5+TdiKZFo5PT/7cVTA"
    "V4x+vTw+0mu3+jhYamUsokUtB/t4yQmrCPwNmXNrvOyx5ZqScCuS95mtZdBkU3z44mXlxf"
    "H435f3U26ZQRw/nufhNMJ+SX6vPHMkUJgkOcH1qu16oWiqEe6NbxM0JwEKezxAP4tPJ77N"
    "0BTfEnQVfU5X3yMqLVzpHLnClaJoTELviYhWHOUrhRfZnfhFgRvWTL9f/a/+VbyKXUlPTf"
    "xaqGg2Fv3RifipwIdxFjqDqivGaUAc4fgh7DvCP+RoSSLPUF4XrbviHT/L50Vz8r1kp7IP"
    "+Sv21bfpQry6g3DYWSjVI2bKPVQ+xRAcwlYdwrFQwiYP8EtqMlx9zN8yjuFbOpPe5GBvfU"
    "M7IBJ68A3r+IZZEPX5hvrUTBwXtFxTyxkMt9qkzet4MXfgU66r5CyInaJ55Pjbc14iEaFl"
    "lqdm5so6mE9bAHOnhJTqHI+YjaY06LevlpGxnq9WBtIxdSpTN71iG2IgTHINwjx3+bLf4z"
    "cjo/nxG3WnmoNhvIaHydHsMoG1R+SbVUR+dH5+mkF+dJKH9tP70fHF46dKDeIhYfYWr3qx"
    "dBWJdko9gv2KmGeB2A75WPRWEXPp4QvRhFW4YESuEpWtMPnNffmmc9QeBQGuGqwolms7lB"
    "tSLMtAOccB6Tvxm5HReOwi4pZ6DmlGSOOYQniiZnii0dzqmIMdApfeKpduh3oolVAV6ezY"
    "cfeYOw/I3MM2MG71GLccisYoN/DC2/TCo8mh32tqVkjzfjjYKXXTKFQ6AEaR4hDDroPGZE"
    "IDghidEflloDDuI7MHBjlZK/zcnP2j1lKwgTphA1lJoKOkIfSR4z3ecQZJBBrsIFNJBLAy"
    "w8rc9ZW5DKQRR9ljQFMS9oGQUWsaGCTdMEiYUMbmRMfs9BiPw2yq4w+uahFMFDBRupvnCD"
    "lwGtTc4Rw42OoISXBtJMF52L9eCKsH+OIcGFtjsdUp4znmU8A7BYRJfl72Yd0QCIjkwTAK"
    "+oPO3TDEE8BmXtjM22Wuq2VyRrnxQ2BlWmVlJkIJpcJDUltvp8Leapx6AWdto7NWbOjul6"
    "/WEpoNuWvy++r3gpSS0LxJBd7vsHHvl1auXN4rtKnusuZAM7RKM4DHq396Bo/3fo9X99QM"
    "Dq+mtMvIGkSOq+ozySK9chLamGd53/OGXOXI+RpWLNxfs8R39SHWboHvxir8KzPYVjranN"
    "0QL2zZeTl2RdazHC4Dso/udoiFLGKmz01so0hIVo6+BUnbQNSM161niuOUY88yf5ZBddxr"
    "HWSQFc8k5wFWSV2r5NwP61lGk3tcW1KWsnSQomzfhGUoyR1hPLZGHjEU1qUcqsKTSuFs3Y"
    "TR3bghe0etfTtbO+36ed0JE+jx/IqtHC40Uypm8KM72eNNtZCoqd6r74maM8KxGkWOGMqg"
    "6xq6LkByK/cBibl7qeoOJ+YmoxBzTmbzfS9UWShO31zR/uTr6nFF54Fb/eDErp+olwinL5"
    "Fho+3W64NJskKaj+7Yi0AekgCZuXkwDEZ43JnwlK1F4AHoeTQMop4suoxjvqhsQfQK+wJM"
    "DGpA9Qqwr4AwiTWNjv8CsGMkTMbscfUz/SR63anaGkuy3fKoUaeV4xviW5IBrGHMFVa7TZ"
    "G144XrcddnB/JFa/C19dDMCWoWVojRaC8LAkYaSeFQcQotiIZdZT6NK4QDgmZExqKYPEob"
    "3blsShw0oYE8c018zhjJLyMMbN0QMmeIEeEscYYmAZ3J4NYsjGI5VB7fPaNBwTHfjfVqIH"
    "6mAi9D2FrT6taaa6GE0mGyI4HArcuXg70Nl1FbucRArNci1nMoGmPW19Qnhlvvz9ZJibh1"
    "ddJ0MkmvAW34sJep6zhiRZarqVZHoDUHKieQUYOf+t7SEsZKj4djWkTj3zc4UPohle1UNR"
    "365EHFQFTd/7TuQ93z0ma8j8SeHYIX0roXYuGUNsp4I6dyndlbTwQS9wb1HZHuJ+4F5JZg"
    "D7Rc78iTFIYdTNaL3g9SM/XoGRIz+67oDidmQtYg5K+1mr8GOSWbc0p28i9L8U22jeWX0m"
    "+GJCelcdZpLqafvmOakRF4PODx9naercvjlQH71mXu2PUicufBQ56FQx+BOrjKuFBXyJVZ"
    "IMSXqSAzmQAi/lapIEzWgxkT8a/nfK/EQ9S3iUz/WKI7UphporVpQ4TuaRR6AjK3bTJXBg"
    "FL55WcRwbKANjch0wLdJ/NBfZHg5qB/SkDctfYHz17RscLR6wDVfHt+qbRlXRbPUJg3Uot"
    "BbBrtAX3ZMOuUe1eoZzPqwIu10bda1pFuGIxdlzJKoJ2I14ERmkKCJMjFMj4Bsn4hFKtvP"
    "OwW4mzWXmM5s0GJJqzYbSuw2FyzAIxr5+YFwvkH9SHkZwHQydPvCQ4sBy8VDxu8kpv0Iz6"
    "fBru/8NLhJkqGh6X1Bwv0d3UtafiX8yR+sgYki15y5D+XfhOAXFsti9DTHJCSQ6BTW6fTY"
    "4j2KUZ5Q9q7R0An/yQiUbgkx+EmoFPLgNy1/jkdWrYDfhUWAI9YITSouyWwwyccHc4Yc/1"
    "b/rt2aUkNJ7CBlRag1QaFEtrslhaQDwsJWJTF06hLALEIPbyqJjKI/2nj+dn94Oexzc3l8"
    "sGtIIuG6wIeoJECQvYtTn6C0FltnsBbboyGyM9L22TkrCWubFOaN7z8mbowYhfGgI52D45"
    "GMbZSlGDpwTfhnLtKS/oEVkoAdii6mxRCkFjVNF6aPtBn+MMe6LABOkIoMUmSAU4C4Kq5x"
    "N1IuHdlHoEhZqTW2QCgq5Wn4YKgsquD9A74hHx3uE2GuGnToXI8q6coeQmGocWHItopg8D"
    "VlK81IKJ1K6J5IV6KGceCYfwhJPZ/tpHEDfVYCJ1P246o7eg5HpKTkPYRRXPF2PPtS2IkG"
    "vQdSGWXVQ6aFuDtjucDxENxF6kRazLojE7ogq4vy2wKnWtD9Zao7g6smlBWsa0FyO1oQQe"
    "MdX3PQUlLaJ5OgYz5l77okNO+4xpVkrjvKGKGfSa5EpJaBxNGUPuN5opCc1/8pAlBSdK9j"
    "NJik1xAJk6JAtFE6k6cDrwCviiQ4G1J19CYLJuJO1ySlDoXqPId1HbBCU3gWQ8gyC64OHO"
    "QJehGzLnyemFahOhqkkn/1BnHYaV6dZjacZ6MRFNiyMzQwintRtOU9ag0ESpgNqHKFIG8b"
    "SHTMh2P57mhGkCoOY6as6CuNWUhujKXmq5w9EVIKt34FYDe+reksq20Oj8/DTzEYxO8o7P"
    "p/ej44vHT9XoFw8Jo6EY5Vi2igULKRXGql+VfE3BsB3useirIt5p4apOPn1yRXN4mKS5gF"
    "Js8ECRO7/vKbRpEc0T4kCmaIcUDmPIGhyGDmO459X180MfVhQC0EMt0kORPnYhh5JDiPeW"
    "JKK2KrcIjmUtxzKHojHPct0Vsjntuc2SFtF4SoQ9xb6YrOOPrcYa251atusybR+fNWKWRO"
    "X/9XtMZmQ0b/VF3anmwOxbw8OkU/iwd/+CY7gvjiHMDZqORCxIabiKtuXKfAFyKyafR6yg"
    "VPKGh8w5jInzMQTHsQuOo4VTCinpQP6Ab2kQRhf21IGELINBff/RVJYBWDdg3fTBuoHiJv"
    "tSYC2/roFt0g3bZBIpZBO7/SU3Tcbj8VuR1fKeyIM+wGYBm6XTmZGQM6dBzZAzVwbkzufM"
    "gaVvwCwNqAekWxoIk0w8uFXgVu2+evXLrYoM7yE4VZ1wqmZKHVpcqku8x5WtwZ8adNef2q"
    "o86tEArJg0EpDR34+MfnB6ILzRth3eDcNRmhdgNXbDauS4XEXvj1zM3NfkyPMonxG/8UoE"
    "xQzd3w8Pnz17dfjk2cvXL56/evXi9ZOEqlu/tc7ZyZOuqg6i0cmPkrPLLGmaC1+O3OvqVF"
    "4sm0keb0o9h4C5loVCY67XZ1kyBsvTFkiAhMN269oEzfASTVzPQ3SCcHR0wyOGWPiBHiBZ"
    "jeaGLJHrq/Qv+SWNMSMyHexxspQMUfjC363njjXVqYH1ZW2Sqr/KNGlgdGex0WJyrK050W"
    "ixcKyfzWTF6nNavcq3ogXpEyO9WIoWrEYJgVJL0ZN21qFYsKrrUMG0OFpywtRMJCYkVU5L"
    "lttiXE4OSGiHy6GVnqmG6gFxIa7BpUagPM6GU5SZ6ApyaY33Zm4ilB8HTIFdnAIXjGyY+z"
    "KT3CVmN01Pb8DEPggmVmPNLzGCQcV16n0lAG7leiFvaS813OG8Jcw5tqfSGhcXF35lLes0"
    "OKtbm0XSaGRAIDHMcDG18AgH0m9CPyfl1km/dh2ByITo9YkqWSHNR56gDl3OiGmsDp0YgG"
    "4d2N+dfxqdHqMPF8dvTz6eRMcBJAaIuikvrSotXhwfnepE+QeP4sqHhaWE3z7IJ7KnqjAH"
    "rtykAbW98mBAkkDNqbrpJAE4uAIOruhyVkYpSF0O6f0kg4S+QGujSTCK0x1C+kur6S9cKK"
    "FU3ovU1lFCKgyAi3/INF73uXhgazWoucNsLZCJ2+CElMBdUgKLuZnqBC5QjQZs/xvxKmD6"
    "p4Aw6bvOiOPisB2APA8H7EWCvUh7M003vhdJuIr9RjQlIWzt2kMScRF4MMWucKi4mnWAP0"
    "wxUkNgEltnEq1V2lFpUvGtSk/qw9aF8TKq5Ne7vQuJZJ2jKWql6nWdpzCRuQcmMETaIdK+"
    "l4PYaP2Dwc9yR9d4KXdvBe71NQnCzawBvVObuqhPUPQVxfu+hFoRDojczTUmCDsOcdBi/g"
    "YxQtTm15l7LYQTza/vJTPdmSFz8208Ie9maepZ6qqP7XbXucjsrG2H5pe4YgtUrZmljc9T"
    "PCZe08YnBLM7FeWEYPaDUDMEs8uA3LVgdoHDB4XxoDBeL4NRsg/rhsBGgzwYEAGM29sT+g"
    "O88X2qRrhyhIYQQ2k/huJJVWyuCJWeGFPfdbYo1KUanPt+IhBmFp2Ay1PZ5UnwM+btrKnM"
    "cdncw0sLDMd4O3AOEIPGOplhF/IaMkiYRhvM9TTiBfa6btRdFh7oWz03/fz8NIP66CQP66"
    "f3o+OLx0+VClab33UT5pR6BPsV4c7AsH12H4vOqgM+S843edCAr2AwCrj6kKbYd2CbKynA"
    "wzDZBcjnKJhGkIcj2zYf2aYbazherE6WRMn63tErfDdEd1PXnqJLGnDqiuds7PuUI4aX60"
    "kRmts2wRSlaYUhFNStxBmZKagbtbrt8LNM58Vnn/0SBfL2ljaCrIhBfe6ooYPPKlXqlMlf"
    "VVWr2auoUaEzlkJ/TvVOaDrEI7wHeKbkaBnRiesR3TVkWwI1K0rLuEYZPHsPakqOlhHVnn"
    "jUEqJdLqTBKcee1edyGlkJTSZ/CYNwSnvuvWZkNJ+qATU1Gq2pwZjwsAHvLBYG2S5I74L0"
    "rgee3vXLyjiC5K4Wk7siI3UzN5f9jGObNkvOfSbjKaVwFhaQc93esuS4TL4S6LnegVhZFL"
    "faSc3reY7luZbWwuc1Us9A0XkYu6jpgNy6dMEsRsT0w0HldVW+Cc8O6h42oGpQOGxALQNy"
    "10jgdQ4S0k8HDeWeQhFlA+SN6o8GFuTcpRWQAsQkAZwY9KJPBgfmkQ2YmNy2cRsXJ6wK/J"
    "dvOoE7CgK8rLrpIpFl+5j1XFa9QlzGUq289Mkhlx60YsyOTs6OLn4tHrXx8+l5e/Tr5fGR"
    "3sCnj4Oq+BcAs3XkJqUUIZixYzDDzJmwMKaz8BcO5U2mXY2xDDEkqGrdWFXrney4DVn/4Y"
    "cRFiFkBAuD5QBdpW3HKxTWnkOKyVEp/DadL2U9Q/nf4WB4xFCUoo1ufFntUD0WtlK8I6Ch"
    "fg0EHuNY1RACj60GHu9CPZQqihjpbESd5QBijA+ZruzwBoA6yZSdyVltIl9yLD9jMAlWQJ"
    "jkdsCirbu58vMUc7nbkRGfowkNEPaR4jiGiPo2CS95HooXtO/RlfyKruSOSeWLrFtQepo0"
    "ZxyNooFZ00BSIj20jZRpoXUbS5aYMVyyi8n0jnjuLQn22GzCnJPZHAynulW3cjB2MJ4PBn"
    "KHDWSNSXhi2gIV18m/SwDsono9ghmBPKyaOs6h2MHZmtr2Ighguq6n5xyKnSI0IpOhclha"
    "50FxNSoapKTQyGpUKmqwCA8DsmYaMW2JKMrJsnWCMgqs+MTnohVi1TvhrDPgFsijD2Dg43"
    "bg47Qn+gQBHBRCMkiYTqvqN/e5gW4yk5YimnLIDFffm68x0TgGoo1M4wwORpONIblK/yhO"
    "VldY+PL2RgMrIBxC2/AhtGwxjrl9QHyFBQRd603aDacRqnZgCK+AMDl+43BjrwdwVkjtaQ"
    "NXrnMlY/wypfEq6utv8hqdyFh/sEQRM3WAPruiowVHGF3JBVj8jMvUACf8sTx2WvzG5SzM"
    "EVhPJzDX1Vf/q38+QXcyX+EOM4TZDXFUegL1UWgCyx8Gqhy0/HXUkfh/eYq25Cnl25rLVE"
    "ji20NI5+xCOqcATylkc5bCl4zLmvoIcyVlaHDD5tgmHwmDws8PPk7S/bC2hxm3sG2L4QrK"
    "rhn8LICyiyqHAhQalA0FKMqA3PkCFOK+7CmMCfbabyiQ1DhlCQdXNnji+RwH0kBloeHZ78"
    "FcKKvx4QxRDf2YSjK58hzx08fzs/vniPx0kMNdNqB1jpAN1qDVS04Sjmtz9BeqUYaC4+ue"
    "1O2IJdmOWh24gBnXvsEejs7TCeddTDxZc8ynYHQVQlLV/Frnye95fQOkcZ5UHAJr3C5rnI"
    "ysyALdvLftf/8HA3qe8Q=="
)
