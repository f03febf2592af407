"""Which tenants are closed or deleted."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_tenant_closures, tenant_closures

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return tenant_closures()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_tenant_closures()


MODELS_STATE = (
    "eJztXWtv2zoS/SuCP6WAt0idpMldLBZw0mxvFk1SpG7voyhUWqJt1hKlS1JxjO7970vKsq"
    "yHHduSaMvKfCkaSaY0Z6jhmQdHP1uWRx8x40gQj77uYkasUeufxs8W6nPBkCXkHwPkcNw2"
    "Wsj35V+pX7Tk4T6yxhPEbHMwNgcEOzaXV339ljzjdbzMKRsJlDj0U42qbkio4OH9XfRkOp"
    "gOhXqcN8fHf6sf9U3LcwKXqsdQTzM7ZuMBChz1pC3TvLvvmZ+ue6YZnQzvYYqpj2fjqqu+"
    "dB+ufu0+HMlhX6nLPCmog9WZu+hUZ3YuvGk8Og0cJzzALUb8UPzFQc+Sj0/ocHFocWc18t"
    "UIsf+oI+qGQ0wxQwLbCXQJtfFT6ghFLk5IqoZF/fA551f4UzHyaHwP+QTqwoCSv4L4MinD"
    "GnQ7Z2c5dJWGI/2WQVgOvRLh8Fw9EE5IWyHKOVDleYGpKArqfz/d36nTLud/OUksj267v2"
    "dhvvpwf6kO+R4XQxaOEg5wWSXkasCCkCewWA+5TSxh/M9wCBdLoP+2zfNnbdTsCeM/3Y6b"
    "ucBFFA1DEaIhEhLkLKfSQc7W+dE9Q0Vm38ShGusfnTen56cXJ29PL+T1IRLxkfPcNCJ20R"
    "l0c9erUv03VCzVvmBBWvnRgTlyMwHWq53QtLrVMOrxRfSzFopRn11jCm+IxQizEHp1aVpJ"
    "lE8w6zqON0HUwrVY52b6/6XTOTk57xyfvL04Oz0/P7s4jidC/lR+RgQcS614Y0x50alxef"
    "NezY6UEclPl+PCc+WSDFdNl/XGIiPf9jNncxvtSrs0Kgriu27vusoX7J1EqCBksRwbWFc5"
    "qCAufq3+s5F9bf02QsJA4evEjRF6xIYl1xmDUON7eOPvxhER3BgQJo/aaNo2PveuXrXVBT"
    "M1vjZu5HnmTQzCDcezxtg2JiPiYDlqNLDRx0Mir2xlkNr5zbWtGRlztPXikZu8ckVFVJjF"
    "F4iQTZy8fZVlDp8/37zLTOzWvwYBtZQgRhAQ+7X65/TfrcJzXd1iw7meWU5SUq+f7uHThg"
    "I9v7aE2jHRXD18y2XmA0Z8P0sMCoRnUm+SvF90yER2EtJ18wk/+UTOABMV5qy9m9vrT73u"
    "7ccUcVV2Up3phEenmaNHbzNkNh7E+O2m96uh/jT+vL+7zs7S+Lren1VbYWUfC1riNIhbmm"
    "P1nw19ukqYhHxQzB53xCZKaaUUoVgipk5SsUu7XArULYxwFtJKrPDmkEpKyJoNaELCcnAu"
    "4W/dmOcIRaYkDQrkczBjotgSorY8jCOyZBBhuGhqcEEcJ2RaM/pEPRsbTEo0CS8JqDwf/i"
    "waGFN7CXfb5Y318rbZ+l6es70wsqaHpTlKGZsztCs59w6cmlkMK8iBmpWhZmkQq6Nm1ak5"
    "8G1Qc1k1p0HUzcC3iuW6mHO55MgjQfHEQJVxuuKcOidKhYy6CLQlU1h5UN/sAdStMlPFHZ"
    "S5IexPG0yo00Lqd1Fs6fZbwhzjwqD2rn/vPZ/xi033h/u79/PLs2nACuHv4aeiUzkNRwL+"
    "iCFWlmYdy2cAxBNA6Mxp+8z7odTaaFc8LeTaqVvWcEC4qHpIiXAwGIUkEgUtcB2qLUL/vQ"
    "2hl72GXiyphFUhl6+Z1X7xtn9bHo25nTkPLQjKvHhvvf5BGWwT0HLZrGgSw7VLEQTeDlLJ"
    "NQ680cDtY1ZdcEhLIeV6hBdiQLTtYKJtqO8Fwmx+Bjsnp3bPWRr7kdd0VJMyakdUsfxm45"
    "mQUH8couQWkEZFIrbaAlI8Qkm4xNnB6qkKon55f/8hhfrlTRbWz7eX1w9Hb0IVyIskt12+"
    "qs2lK1jz5nkORrQg3mkg1kPel3criDnDvjM1hddgs5EUESLCBxgRVuOAGV4AUdQG1yUgPA"
    "8htiEuvPe4sBkVg6yOD6dYV+jDrogMf0RMEIv40ja0Djs6/MMjFCJK5SJKKQxrFVByEBcm"
    "w8g2GxJaWiaQ1hok8DSr5DfMg4Q3TgKh08cEfg4bfLYGVOMGn/0w8CRVAxZeAxbuLxSyER"
    "Ofz8gVVPwBIyvCY++NM/JJedf7QWDBSyKhc8WbV/s32kKnhdxBTApoBNCIF08j4mUGOEQN"
    "OASLtLGaQMTrTdpcPkcmkgzhsIN6UPLZKh/VO4CST+iEU17NKzvhQNFng7Rc46JP2G2tDV"
    "qo/1wHZ8nOXGFTnHIzt9Y9PjPyaa2/JabPvEdiF8/SNSpglMFj7cJcPGqUFA2Qz+GhEXnX"
    "s7EDmCeR0Ig27IrPo1k6oY2dkFcmIwKFG1Sq5/j6bXUgpx8QR6gGwKrnfIlYTpcxNC1cYb"
    "pC4PVr44pO+ZvAzAUSQWFctViKlopAPeLiWihhLRZw6Mym8MB1EYM+MRksNFpogYalJnnd"
    "jcdcPq22AvJV0Khkp41KKje8kB6sdPZOPDbmPrKwyTFXoZRmY7tK3FJcuBZp2EzWDdKw+0"
    "zDZvn/Rj2OoaMOZGQOJr0KibcK1FzjxJuN/eJf1arNjphYij3n2hqywag2vWsqSK3VBlR9"
    "aTTICmve/watQda0Bqk6BhjdxfQGDfZR00Jqz9IkHYpmO/9LJNWO7gBjWzliRWFt1Cekk2"
    "CsLyZ89hPSkEGvXQYdMdz01EJKRv35c9gQvrsN4XXMolue6y/6oDUzkQ4ZyeozkguP0uRe"
    "wCywIqth0ZurjNpbvXjmFyOxA9oHGeKDylxCF7h6JC3XN4Bb5j6vagR35wkyIBZsGA0XLU"
    "h11T+jGTZOAx2X0HECwfXLPGSsD1HFNc5YQ+Zqc4os1+HGf3QhIaL2SB2mgohpswFNybgr"
    "RMPhiprrJgUvMnhojOPjx8aH8ZMi6g/HwdeN4evGB72PE0L0sGkINg3Ve/42KiScCh62IS"
    "6817gwTSjjmZaCCUo1X+ef6SeY1PAN7XtPrcOOEUNwqdXo4FJAw+BmA9qQZSWBevODidr5"
    "DA8ww9TCheuUtBQVLGukoNL4JVa/EqUGGZQ2MCOlKw7AQYIu4MDY03wOaHt9aLtJlEqeKe"
    "1IvdzP0PaPs8DTF4In4U8PmbIjXmIbEbD1BX7aiHq+EgdRk+PCcbMKvwpdCvhyH4VOgLAe"
    "+RJfhCZSv3IgjNyXjXcaB62Qv+zkBTDJ+jHJVm+EjTGeGoQaki4Yaj3uI44Nwo2jmDW0jY"
    "VS20b0OK/axmRErJHR85jwiPyNtFySlRgcTV+3MpDovI8uzpsmQ+X57i69yPrQ3kr8yhz7"
    "nc+Tx1A5q4lv2hhtSoMfgkOvae5jJCBYXYb+JhCsYzUzFK1XoOP6F60PCCV8BHoup+cMip"
    "UVr1fSh8uRi0AD8k4ZQXTmSaCjiVaHCjPmMfm3DQVMeTg0FuYSbnLh+eZEclRceFZXGJSZ"
    "I7GnqEwGDK2RGfh4sgZDAv15nuvPo6M02vWbH1xcyKh/BsNHydLYL/siWeXzuI6delhAqU"
    "J1H7hDn56DrXGB9jDQHuag8kG7ryxSsfY21BLttZZIrm6bf8ZCKuxqFNBxax8ZkgoibgPC"
    "uDDDcFV1EbdSpqB40C0ji86gW3iTaj/QVgq0Mp9iW8iyHjEoG94VparJajQzbuWXJGlUX1"
    "qufyFylUuTaSmNrM7xZ4xg9BBL0vqfRojhvSxbkPetVT6w/nlf/OQTCSGouYya0yDqyvpC"
    "enK36UmbDDEv/FpcRpGS+I340n24vLnrPvyxPD54uSSycvlH77pbaQEzoYgVJrMxHhtkyK"
    "YiuUtkK9whRaZhMoOLAPXgWwPaqPjfjJS3IQK41wggV1rYPAb4SUiOOMRdx/GEqz4LdthO"
    "FeJjqSQzoIIUr1cAvp2FsTLGXaH77NEBYS440CUd6AyMtdR0QCFQUlrPSRA1103/0umcnJ"
    "x3jk/eXpydnp+fXRzH6Zz8qXxeB6nFqEzh5M17lddJaa/K0upLMiye6EkKV2GWpxrkJR9t"
    "JupzwXTm1QSpWXlZa8CiLfi7bxVZrrgs7860visVfjcQtY3v83dI/smwEYZCXhs9RoZDyU"
    "0NbxBuTHXJkM1a4RljjH0jGmBCxMjAksRODeZN5JVIGKFx5Pmtrju6pzaHLMvt27DztZCL"
    "pmfnK5+px0Rz/WzhtQW+7zHRI9YYH7rLBnmwKuidpjzYWn+b8knNVr19FVUvoNC4swgxQS"
    "zoR40zWGhEXF7P56bzxUOeBEPrxgH4Fmq8Z2An3z+F7BVkr7YGtFnZqxSlbkMWa79ZrJk2"
    "TBGqY3PHqBe+47c4/NjpYftF0PXy4Lpe2oT7Dpqa4SMAeckDopGnYxeVSPk2CfQYCd1om2"
    "M8BcSzaGhEnXBTLmXk8YX31U3BsEGpZKnOuu6MS7x0wBcwaAU8fJFGiNoQ48JL8NBoW9Qd"
    "AfkF8hk8NCLPPIAcJ4HQiDUEZXbQYlpnW+l9t5JOBRjakE+vUT49GnXGVMp/QeWz2j7yDk"
    "1bB9odYZaPLLzPvzadERJy1K5ezvJc38HhpjnhjTEtjPZmxXPlXIAy9XNLBa2dOqKecs1W"
    "RU5InTWNNioc4VFh5arDwUXDkCgbmdkkEFzUhYVemTvulQmNHXfd2BHcqIPKbcdUtg0OS4"
    "0clrCXoikXp9XOSrRyxZY0+YKvcmT+/j+eSGFB"
)
