"""The relay keeps what a full queue has not got yet."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_outbox_backlog, outbox_backlog

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return outbox_backlog()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_outbox_backlog()


MODELS_STATE = (
    "eJztXW1v2zgS/iuEP7WAr0iTtuneHQ6w29xuDk2ySN19RaHSEm2zlkktRcU1dve/H0nLtl"
    "7s2JZEW1bmS9FIMqV5hho+88LRny2XswciQiwpZy86RFB31Pon+rOF+6EU2JXqjwH2Q9JG"
    "LRwE6q/UL1rqcB+74ykWnjMYOwNKfC9UV/3+OXmGn/PMKQ9LnDj0px5V35AyGZr7T/A3xy"
    "dsKPXjvDw7+1v/qO+43I8mTD+Gfpr5MY8McOTrJ205zu1dz/l41XOc+KS5hyNnAZmPq6/6"
    "qXP/7ofO/TM17HN9GVeC+kSfuY1Pnc/PmZsuR2eR75sDoStoYMRfHeSuenzKhqtDqzvrkd"
    "+NsPivPqJvOCSMCCyJl0CXMo98Sx1heEISkuphcd885+KKYCZHnC3voZ5AXxgx+ke0vEzJ"
    "sAXd89evc+hqDcf6LYOwGnojwuZcPRBOSFshyjlQ1XlJmCwK6v8+3t3q05Mw/MNPYvnspv"
    "NLFuZ3H+66+lDAQzkUZhQzQLdKyPWABSFPYLEdco+6Ev2FfBrKNdB/3uf5szZq/oTLPyfn"
    "k8wFE8zw0IgQD5GQIGc5tQ5yti6I72kUmX0Th3qsf5y/fHX56u3Fm1dv1fUGieWRy9w0ol"
    "7RGXR926tS/ddMrtW+FFFa+fGBBXJzAbarnbK0uvUw+vFl/LMWXqI+v8aRfEjkiAgDvb40"
    "rSQWTono+D6fYuaSWqxzc/1/d35+cXF5fnbx5u3rV5eXr9+eLSdC/lR+RkQhUVrhY8LCol"
    "Oje/29nh0pI5KfLmeF50qXDjdNl+3GIiPf/jNndxs9UXZpVBTE953eVZUv2HuFUEHIlnLs"
    "YF3VoJJOyAv9n53sa+vnEZYIm9cpRCP8QJCr1hlEGfpibvwFPaMyRAMq1FEPz9roU+/d87"
    "a+YK7GF+hanRd8imiIfO6OiYemI+oTNWo8MOqTIVVXtjJIHfzm1taMjDnae/HITV61omIm"
    "neILhGETF2+eZ5nDp0/X7zMTu/XvQcRcLQiKIuq90P+8+k+r8FzXt9hxrmeWk5TU26e7eV"
    "oj0ONri9GOgxfqCfdcZj4QHB5nicGR5A7j0+T94kMO9pKQbptP5FtA1QxwcGHO2ru+ufrY"
    "69z8mCKu2k7qM+fm6Cxz9NmbDJldDoJ+vu79gPSf6Le726vsLF1e1/utaius7WNBS5wGcU"
    "9zrP+zo09XCZNQD0rEw4HYRCmtlCIUa8S0SSpo6ISSB44yJPoJi4J6d/ch9Rp1rzMQ3366"
    "6V7dP3tp3h91EZUbkF9IWBB6zn2CWUHs82Bsh76v7lgQ+0OuiaUm9B4LYBbSSlbA3SFVdF"
    "w0G9CEhOXgXMOdO0uOKTWRVRQ0Us8h0FQzVcw8dZjERBVRiSZ4hkJJfd+w3Dl1ZdwjSCiJ"
    "puaSiKnz5mfxwIR5a3jzIW9slzPPuVV5vvzEiLIdhuxrZezOjt+puXfitNgVREMOtLgMLU"
    "6DWB0trk7NUeCBmsuqOQ2ibe9nrzj6hIShWnLUkah4UqbKGGlxfyYnSoXeTBFoS6YP86C+"
    "PAKoe2UFizuHC0PYnzWYUKeFtO+ieFQQVzpjUhjU3tUvvcezrUvT/eHu9vvF5dkUbIXw98"
    "i3olM5DUcC/pghVpbiHqtnAMQTQNisJwgE/6rV2mhXPC3k1qlb1nBAuKh6SKn0CRiFJBIF"
    "LXAdKl2M/96G0MtRQy+uUsKmkMvvmdV+9bZ/Xh+NuZk7Dy0Iyjx5b73+QRniUdBy2Yx0Es"
    "OtSxEE3k5SyTUOvLFo0ieiuuCQlSLW7QivxIBo28lE23CfR9JpfgY7J6d1z1kZ+xFvOqpJ"
    "Ga0jqll+s/FMSGg/DlFy+02jIhF7bb8pHqGkocLZJ1D0lgbCasGbIIE/cyRvsNlIiggR4R"
    "OMCOtxwAyvgChqg+sSEF6EENsQFz56XNiJi0E2x4dTrMv4sBsiwz9iIalLA2UbWqcdHf7K"
    "KYOIUrmIUgrDWgWUfBxKRxDsOQ0JLa0TyGoNEniaVfIbwSHhTZJA2PQxgZ/DBp+9AbW4we"
    "c4DDxJ1YCF14CFByuF7MTEFzNyAxW/J9iN8Th605J8Un7Cv1JY8JJI2FzxFtX+jbbQaSEP"
    "EJMCGgE04snTiOUyAxyiBhxCxNrYTCCW603aXD5GJpIM4bSDelDy2Sof1TuBkk/oQlRezR"
    "u7EEHRZ4O0XOOiT9htbQ1aqP/cBmfJrmimKU65mVvr/qoZ+azW31InEPyBesWzdI0KGGXw"
    "2LowF48aJUUD5HN4WER+wj3iA+ZJJCyiDbvi82iWTmgT3/DKZESgcHNQ/Ry/f94cyOlH1J"
    "e6+bLu918iltMRAs8KV5huEHj72rjhKwW7wBxKLKPCuFqxFC0dgXogxbVQwlqs4LCZTQmj"
    "yQQL6BOTwcKihZZ4WGqS1914LOSzaisgXwWNSg7aqKRywwvpwUpn75SLcRhglzghCXUopd"
    "nYbhK3FBeuRRo2k3WDNOwx07BZ/r9Tj+MPBD/MpTvl9Kqn5IRsTIlszArAOqZVfTKQoN8y"
    "+k0gaC3VBuEt2OJ7ir4UkPsy3wh5HxE0HRGGGO9zb4Y8oq5EUypHiMp/obiVwOISOVISmm"
    "/ZKYP0AnX8KZ6FiA/MlzmmI+4TNNd+2wzBI4kwil+x/GdCDnxvWzR6wcGAQR+XQftzPexO"
    "nqEdJRCsk6lNhKq1CtRc46o1jwTFPwdcm+3kSymOXKjWkN35tWn8WEFdWm1AtVeDBiWVlp"
    "tHQF+9LX31qk6gx3dx+KDB/nVaSOsxoKRD0ezAxRpJraM7IMTTjlhRWP/38e72cSORtQcZ"
    "/PUAlRoJPWBBBSTB2L4Th7oS/YVKVIpA+elBy0+xIE2PJadktF98Ct2UDtdNqY4lqC6fBK"
    "smws2sQoUUVPVZvZVH6YQ8Ei5Ykc2w2C30i3vDPnnmt0TiALQPMrAnVfYHLZTrka/c3j15"
    "nfu8qYvyLZd0QF3otmIWLUh11T+jaboOg45L6DiB4PZlHjLWp6jiGmesIXO1O0VW63Djv1"
    "iWENF6pI4wSeWs2YCmZDwUoma4oua6ScGLDB4W4/jkofFh/KSI9sNxY/UgMIcTQNgMucEu"
    "keonMIToYcc97Liv9/xtVEg4FTxsQ1z4qHFhllDGI/24E5Rqsc4/0ow7qeFr1uffWqcdI4"
    "bgUqvRwaWImeBmA3r4ZiWBevOTidoFggyIIMwlheuUrBQVrOtCptP4JVa/EqUGGZR2MCOl"
    "Kw7AQYJt9MDY03wOaHt9aLtDtUoeKe1IvdyP0PYf54GnnyiZmp+eMmXHYYltRMDWV/hZI+"
    "r5ShzMnJAUjpt17+4+pPTVvc4Gxj7ddK/un700ilIXUUnWs8xSwHc59wlmRStpViBsR76v"
    "blUQbKr0qwYiePK08U7jYBXyp528ACZZPybZ6o0IGpMZosw0NtLrcR+HRDc+erZkDW20Um"
    "obxY/zvI2mI+qOUI8Lyan6jbJcipWgEM/yzZcs3scW502TofJ895BeZH1obyV+ZY79LubJ"
    "g1HOZuKbNka70uD76NRrmvsEQw/MUvQ3gWAdq5mhaL0CHde/aH1AGQ1HoOdyes6gWFnxei"
    "V9uHy1CDQg75QRxGaeBDqaWHWoiBBcqL89KGDKw2GxMJeGTih54EwVRyWFZ3WFQZkFEkeK"
    "ymTAsBqZSX9lvqHWJC2kfUMC/Xke689jozR6EjQ/uLiS0f4Mhi/6prFf9znfyudxHTv1iI"
    "ixuOk69Ok5Wetx8BoXaA8D7WFOKh90+MoiHWtvQy3RUWuJ1Oq2+2cslMLejSI2bh0jQ1JB"
    "xG1ARSgdE66qLuJWyhQUD7plZLEZdDM3qfbrxqVAK/Md45Us2xGDsuFDUaqarEZz41Z+SV"
    "JG9anl+lciV7k0Oa7WyOYcf8YIxg+xJq3/cYQFOcqyBXnfWuUD65/3Jd8CqiAENZdRcxpE"
    "W1lfSE8eNj3p0SEJC78W3ThSsnwjfurcd69vO/e/ro8PdtdEVrq/9q46lRYwU4ZFYTK7xG"
    "OHDNlMJneJ7IU7pMgsTGZwEaAefG9AGxX/m5PyNkQAjxoBDLUWdo8BfpSKIw5Jx/e5nOjP"
    "gp22U4XDsVKSEzFJi9crAN/OwlgZ467QfeZsQMUEHOiSDnQGxlpqOmIQKCmt5ySIluumvz"
    "s/v7i4PD+7ePP29avLy9dvz5bpnPypfF4H68WoTOHk9fc6r5PSXpWl1V06LJ7oSQpXYZan"
    "GuQVH20m6gvBbObVJK1ZeVlrIOIt+IdvFVmuuCzvzrS+aBV+QZh56MviHVJ/CoJMKOQF6g"
    "k6HCpuivjAbEyd0KGYt8JDY0ICFA8wpXKEiCKxMyT4VF2JJTLGMcxvdT3QPa05ZFlu34ad"
    "r4VcNDs7X8O5ehy80M8eXlsUBFzIHnXH5NRdNsiDVUHvLOXBtvrbLJzWbNU7VlH1CgqLO4"
    "uwkNSFftQkg4VFxNX14cJ0PnnIk2BY3TgA30Jd7hk4yPdPIXsF2au9AW1W9ipFqduQxTpu"
    "FmuuDUcadezuGPXMO35DzMdOT9svgq6Xtet6WZ1yv3LKwOctp+AUhgerCfRoGPh45pinAI"
    "KaB8SiL0YmuERav0mgL5GwjbYzJjNAPIuGRdRp6Ci6Qh+eeO/kFAw7lMOW6p48mfPFpw74"
    "CgargJsXaYSZB3FMsgYPi7ZF3xGQXyGfwcMi8oID5CQJhEWsIfB2gDbiNluHH7tdeCqI1I"
    "aaiRrVTMSjzplK+a/kfNJbhN7jWetEO2DMc86FeznUpvtFQo7a1US6fBL4xGyMlHxMWGG0"
    "dyuQLOcClKmRXCto7dQR9w1stipyQtqsW/Vw4QiPjixXHREuGobE2cjMLsH+oi4s9EM9cD"
    "9UaN556Oad4EadVP3Cksq2wWGpkcNi+mU6anHa7KzEK9fSkiZf8E2OzN//B48PFww="
)
