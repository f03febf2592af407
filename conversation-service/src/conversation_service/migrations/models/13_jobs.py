"""Work behind transactions."""

from tortoise import BaseDBAsyncClient

from shared.jobs.schema import drop_job_tables, job_tables

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return job_tables()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_job_tables()


MODELS_STATE = (
    "eJztXW1v2zgS/iuEP7WAr0iTtuneHQ6w29xuDk2ySN19RaHSEm2zlkktRcU1dve/HynLtl"
    "7s2KZEW1bmS9FIMqV5hho+88LRny2XswciQiwpZy86RFB31Pon+rOF+6EU2JXqjwH2Q9JG"
    "LRwE6q/ML1rqcB+74ykWnjMYOwNKfC9UV/3+OX2Gn/PcKQ9LnDr0px5V35AyGcb3n+Bvjk"
    "/YUOrHeXl29rf+Ud9xuR9NmH4M/TTzYx4Z4MjXT9pynNu7nvPxquc4ycn4Ho6cBWQ+rr7q"
    "p879ux8698/UsM/1ZVwJ6hN95jY5dT4/F990OTqLfD8+ELqCBrH4q4PcVY9P2XB1aHVnPf"
    "K7ERb/1Uf0DYeEEYEl8VLoUuaRb5kjDE9ISlI9LO7Hz7m4IpjJEWfLe6gn0BdGjP4RLS9T"
    "MmxB9/z16wK6WsOJfssgrIbeiHB8rh4Ip6StEOUCqOq8JEyagvq/j3e3+vQkDP/w01g+u+"
    "n8kof53Ye7rj4U8FAORTxKPEC3Ssj1gIaQp7DYDrlHXYn+Qj4N5RroP+/z/HkbNX/C5Z+T"
    "80nugglmeBiLkAyRkqBgObUOCrYuSO4ZKzL/Jg71WP84f/nq8tXbizev3qrrYySWRy4L04"
    "h6pjPo+rZXpfqvmVyrfSmirPKTAwvk5gJsVztlWXXrYfTjy+RnLbxEfX6NI/mQyBERMfT6"
    "0qySWDglouP7fIqZS2qxzs31/935+cXF5fnZxZu3r19dXr5+e7acCMVTxRkRhURphY8JC0"
    "2nRvf6ez07MkakOF3OjOdKlw43TZftxiIn3/4zZ3cbPVF2aWQK4vtO76rKF+y9QsgQsqUc"
    "O1hXNaikE/JC/2cn+9r6eYQlwvHrFKIRfiDIVesMogx9iW/8BT2jMkQDKtRRD8/a6FPv3f"
    "O2vmCuxhfoWp0XfIpoiHzujomHpiPqEzVqMjDqkyFVV7ZySB385tbWjJw52nvxKExetaJi"
    "Jh3zBSJmExdvnueZw6dP1+9zE7v170HEXC0IiiLqvdD/vPpPy3iu61vsONdzy0lG6u3TPX"
    "7aWKDH15ZYOw5eqCfcc5n5QHB4nCUGR5I7jE/T90sOOdhLQ7ptPpFvAVUzwMHGnLV3fXP1"
    "sde5+TFDXLWd1GfO46Oz3NFnb3JkdjkI+vm69wPSf6Lf7m6v8rN0eV3vt6qtsLaPhpY4C+"
    "Ke5lj/Z0efrhImoR6UiIcDsYlSWilFKNaIaZNU0NAJJQ8cZUj0E5qCenf3IfMada9zEN9+"
    "uule3T97Gb8/6iIqNyC/kNAQes59gpkh9kUwtkPfV3c0xP6Qa2KpCb3HApiHtJIVcHdIFR"
    "0XzQY0JWE5ONdw586SY0pNZBUFjdRzCDTVTBUzTx0mCVFFVKIJnqFQUt+PWe6cujLuESSU"
    "RNP4koip8/HPkoEJ89bw5kPe2C5nnnOr8nz5iRFlOwzZ18rYnR2/U3PvxGmxK4iGHGhxGV"
    "qcBbE6WlydmgPBvxJXKu36BNRdUt3rwUypPbFVR9d6FHjwcpfVdhZE2z7vXtmTCQlDRTTU"
    "kcg8FVdlZNzciy2IUqEPawJtyaRxEdSXRwB1r1yweUhgsfz1Zw12o7JC2ndMPSr0GjMmxq"
    "D2rn7pZcx2Ice+NN0f7m6/X1yeT7xXCH+PfDOdylk4tq615oUNY/UMgHgKCJtVJAsm1egA"
    "TFbIrVO3rOGAIGH1kFLpEzAKaSQMLXAd6pviqE0bAm5HDbi5SgmbAm2/51b71dv+eX0M7m"
    "buPLQgFPfkvfX6h+KIR0HLZesQ0hhC4K2ZSq5x4I1Fkz4R1QWHrJQub0d4JQZE204m2ob7"
    "PJJO8+sWCnJa95yVsR/xpqOaltE6oprlNxvPlIT24xAlN101KhKx16Yr8wglDRdpXlPUm1"
    "PqmALCapmjIIE/cyRvsNlIiwgR4ROMCOtxwAyvgDC1wXUJCC9CiG2ICx89LuwkxSCb48MZ"
    "1hX7sBsiwz9iIalLA2UbWqcdHf7KKYOIUrmIUgbDWgWUfBxKRxDsOQ0JLa0TyGoNEniaVf"
    "IbwSHhTdJA2PQxgZ/Dtq69AbW4res4DDxN1YCF14CFByuF7MTEFzNyAxW/J9hN8Dh6q5pi"
    "Un7Cv1JY8NJI2FzxFtX+jbbQWSEPEJMCGgE04snTiOUyAxyiBhxCJNrYTCCW603WXD5GJt"
    "IM4bSDelDy2Sof1TuBkk/oPVVezRt7T0HRZ4O0XOOiT9htbQ1aqP/cBmfJXnhxK6RyM7fW"
    "XXVz8lmtv6VOIPgD9cyzdI0KGOXw2Lowm0eN0qIB8gU8LCI/4R7xAfM0EhbRhl3xRTRLJ7"
    "SJH/PKdETAuCWsfo7fP28O5PQj6kvdclt/5aFELKcjBJ4ZV5huEHj72rjh2xS7wBxKLCNj"
    "XK1YipaOQD0Qcy2UsBYrOGxmU8JoMsEC+sTksLBooSUelprkdTceC/ms2grIV0GjkoM2Kq"
    "nc8EJ6sNLZO+ViHAbYJU5IQh1KaTa2m8QtxYVrkYbNZd0gDXvMNGye/+/U2foDwQ9z6U45"
    "veopOSEbUyIbswKwjmlVnwwk6LeMflMIWku1QXgLtvieoi8F5L7Ml2HeRwRNR4Qhxvvcmy"
    "GPqCvRlMoRovJfKGklsLhEjpSE8RcMlUF6gTr+FM9CxAfx91imI+4TNNd+Ox6CRxJhlLxi"
    "xY/DHPjetmj0goMBgz4ug/bnetidPEM7SiBYJ1ObCFVrFai5xlVrHgnMPwJdm+3kSymOXK"
    "jWkN35tWn8WEFdWm1AtVeDBiWVlptHQF+9LX31qk6gJ3dx+KDB/nVWSOsxoLRD0ezAxRpJ"
    "raM7IMTTjpgprP/7eHf7uJHI24Mc/nqASo2EHtBQAWkwtu/Eoa5Ef6ESlSJQfnrQ8lMsSN"
    "NjyRkZ7RefQjelw3VTqmMJqssnwaqJcDOrUCEFVX1Wb+VROiGPhAtWZDMsdgv9kt6wT575"
    "LZE4AO2DDOxJlf1BC+V65Cu3d09e5z5v6qJ8yyUdUBe6rcSLFqS66p/RjLsOg45L6DiF4P"
    "ZlHjLWp6jiGmesIXO1O0VW63Djv1iWEtF6pI4wSeWs2YBmZDwUovFwpua6ScGLHB4W4/jk"
    "ofFh/LSI9sNxY/UgMIdTQNgMucEukeonMIToYcc97Liv9/xtVEg4EzxsQ1z4qHFhllLGI/"
    "24U5Rqsc4/0ow7reFr1uffWqcdI4bgUqvRwaWIxcHNBvTwzUsC9eYnE7ULBBkQQZhLjOuU"
    "rBQVrOtCptP4JVa/EqUGOZR2MCOlKw7AQYJt9MDYs3wOaHt9aLtDtUoeKe3IvNyP0PYf54"
    "GnnyiZxj89ZcqOwxLbiICtr/CzRtSLlTiYOSExjpt17+4+ZPTVvc4Hxj7ddK/un72MFaUu"
    "opKsZ5mlgO9y7hPMTCtpViBsR76vbmUINlX6VQMRPHnaeGdxsAr5005eAJOsH5Ns9UYEjc"
    "kMURY3NtLrcR+HRDc+erZkDW20UmobJY/zvI2mI+qOUI8Lyan6jbJcipWgEM+KzZcs3scW"
    "582SofJ895BeZH1obyV+ZYH9LubJQ6yczcQ3a4x2pcH30anXNPcJhh6YpehvCsE6VjND0X"
    "oFOq5/0fqAMhqOQM/l9JxDsbLi9Ur6cPlqEWhA3ikniM08CXQ0sepQESG4UH97UMBUhMNi"
    "YS4NnVDywJkqjkqMZ3WFQZkFEkeKyuTAsBqZyX5lvqHWJCukfUMC/Xke689jozR6EjQ/uL"
    "iS0f4Mhi/6ZrFf9znfyudxHTv1iIixpOk69Ok5Wetx8BoXaA8D7WFOKh90+MoiHWtvQy3R"
    "UWuJ1Oq2+2cslMLejSI2bh0jQ1JBxG1ARSidOFxVXcStlCkwD7rlZLEZdItvUu3XjUuBVu"
    "Y7xitZtiMGZcOHolQ1WY3mxq38kqSM6lPL9a9ErnJpclytkc05/pwRTB5iTVr/4wgLcpRl"
    "C/K+tcoH1j/vS74FVEEIai6j5iyItrK+kJ48bHrSo0MSGr8W3SRSsnwjfurcd69vO/e/ro"
    "8PdtdEVrq/9q46lRYwU4aFMZld4rFDhmwm07tE9sIdUmQWJjO4CFAPvjegjYr/zUl5GyKA"
    "R40AhloLu8cAP0rFEYek4/tcTvRnwU7bqcLhWCnJiZik5vUKwLfzMFbGuCt0nzkbUDEBB7"
    "qkA52DsZaajhgESkrrOQ2i5brp787PLy4uz88u3rx9/ery8vXbs2U6p3iqmNfBejEqUzh5"
    "/b3O62S0V2VpdZcOzRM9aeEqzPJUg7zio81EfSGYzbyapDUrL2sNRLIF//CtIssVlxXdmd"
    "YXrcIvCDMPfVm8Q+pPQVAcCnmBeoIOh4qbIj6IN6ZO6FDMW+GhMSEBSgaYUjlCRJHYGRJ8"
    "qq7EEsXGMSxudT3QPa05ZHlu34adr0Yump2dr+FcPQ5e6GcPry0KAi5kj7pjcuouG+TBqq"
    "B3lvJgW/1tFk5rtuodq6h6BYXFnUVYSOpCP2qSw8Ii4ur6cGE6nzzkaTCsbhyAb6Eu9wwc"
    "5PunkL2C7NXegDYre5Wh1G3IYh03izXXhiNjdezuGPXid/yGxB87PW2/CLpe1q7rZXXK/c"
    "opA5+3nIIzGB6sJtCjYeDjmRM/BRDUIiAWfTEywSXS+k0CfYmEbbSdMZkB4nk0LKJOQ0fR"
    "FfrwxHsnZ2DYoRy2VPfkyZwvPnXAVzBYBTx+kUaYeRDHJGvwsGhb9B0B+RXyOTwsIi84QE"
    "7SQFjEGgJvB2gjbrN1+LHbhWeCSG2omahRzUQy6pyplP9Kzie9Reg9nrVOtAPGPOds3Muh"
    "Nt0vUnLUribS5ZPAJ/HGSMnHhBmjvVuBZDkXoEyN5FpBa6eOpG9gs1VRENJm3aqHjSM8Or"
    "JcdUTYNAyJ85GZXYL9pi4s9EM9cD9UaN556Oad4EadVP3Cksq2wWGpkcMS98t01OK02VlJ"
    "Vq6lJU2/4Jscmb//Dyc7uFs="
)
