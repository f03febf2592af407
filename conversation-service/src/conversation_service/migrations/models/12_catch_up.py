"""What was deleted or edited, and who had left, before it was noted. Not in one transaction; may be repeated."""

from tortoise import BaseDBAsyncClient

from shared.db.catch_up import redact_earlier_events, rows_of_all_tenants

RUN_IN_TRANSACTION = False

DELETIONS = (
    "conversation.conversation.deleted",
    "conversation.chat.deleted",
    "conversation.chat_message.deleted",
)
EDITS = {"conversation.chat_message.updated": "content"}

SHARES = """
delete from shares s using tenant_members m
where m.tenant_id = s.tenant_id and m.user_id = s.user_id and not m.is_member
"""

NOTHING_MORE = "select 1;"


async def upgrade(db: BaseDBAsyncClient) -> str:
    async with rows_of_all_tenants(db, "shares", "tenant_members"):
        await db.execute_script(SHARES)
    await redact_earlier_events(db, DELETIONS, EDITS)
    return NOTHING_MORE


async def downgrade(db: BaseDBAsyncClient) -> str:
    return NOTHING_MORE


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
    "P1nw19ukqYhHxQzB53xCZKaaUUoVgipk5SQbjJheeb0pCoJywK6v39h9RrdHmTgfju8+3l"
    "9cPRm/D9kRcRsQL5uYQFofc8ByNaEPs8GOuh78s7FsR+l2tiqQm9xQKYhbSSFXBzSCUdZ8"
    "0GNCFhOTiXcOduzDGFIrKSggbyOZgxUUwVUVsexhFRNYgwXDQ1uCCOE7LcGXWlno0NJiWa"
    "hJcEVJ4PfxYNjKm9hDfv8sZ6OfOMW5Xnyy+MKOthyI5Sxubs+ErOvQOnxRbDCnKgxWVocR"
    "rE6mhxdWoOfBvUXFbNaRB1ez9bxdFdzLlccuSRoHhSpsoYaXF/JidKhd5MEWhLpg/zoL7Z"
    "A6hbZQWLO4dzQ9ifNphQp4XU76LYhGFLmGNcGNTe9e+957Otsen+cH/3fn55NgVbIfw9/F"
    "R0KqfhSMAfMcTKUtxj+QyAeAIInfUEPvN+KLU22hVPC7l26pY1HBAuqh5SIhwMRiGJREEL"
    "XIdKl9B/b0PoZa+hF0sqYVXI5WtmtV+87d+WR2NuZ85DC4IyL95br39QBtsEtFw2I53EcO"
    "1SBIG3g1RyjQNvNHD7mFUXHNJSxLoe4YUYEG07mGgb6nuBMJufwc7Jqd1zlsZ+5DUd1aSM"
    "2hFVLL/ZeCYk1B+HKLn9plGRiK223xSPUBIucXYwFL2lgdBa8Maw70xN4TXYbCRFhIjwAU"
    "aE1ThghhdAFLXBdQkIz0OIbYgL7z0ubEbFIKvjwynWFfqwKyLDHxETxCK+tA2tw44O//AI"
    "hYhSuYhSCsNaBZQcxIXJMLLNhoSWlgmktQYJPM0q+Q3zIOGNk0Do9DGBn8MGn60B1bjBZz"
    "8MPEnVgIXXgIX7C4VsxMTnM3IFFX/AyIrw2HvTknxS3vV+EFjwkkjoXPHm1f6NttBpIXcQ"
    "kwIaATTixdOIeJkBDlEDDsEibawmEPF6kzaXz5GJJEM47KAelHy2ykf1DqDkE7oQlVfzyi"
    "5EUPTZIC3XuOgTdltrgxbqP9fBWbIrWtgUp9zMrXV/1Yx8Wutviekz75HYxbN0jQoYZfBY"
    "uzAXjxolRQPkc3hoRN71bOwA5kkkNKINu+LzaJZOaGMn5JXJiEDh5qDqOb5+Wx3I6QfEEa"
    "r5sur3XyKW02UMTQtXmK4QeP3auOIrBZvAzAUSQWFctViKlopAPeLiWihhLRZw6Mym8MB1"
    "EYM+MRksNFpogYalJnndjcdcPq22AvJV0Khkp41KKje8kB6sdPZOPDbmPrKwyTFXoZRmY7"
    "tK3FJcuBZp2EzWDdKw+0zDZvn/Rj2OoaMOZGQOJr0KibcK1FzjxJuN/eJfNKvNjphYij3n"
    "2hqywag2vWsqSK3VBlR9aTTICmve/watQda0Bqk6BhjdxfQGDfZR00Jqz9IkHYpmO/9LJN"
    "WO7gBjWzliRWFt1Oe7k2CsLyZ89vPdkEGvXQYdMdz01EJKRv35c9gQvrsN4XXMolue6y/6"
    "oDUzkQ4ZyeozkguP0uRewCywIqth0ZurjNpbvXjmFyOxA9oHGeKDylxCF7h6JC3XN4Bb5j"
    "6vagR35wkyIBZsGA0XLUh11T+jGTZOAx2X0HECwfXLPGSsD1HFNc5YQ+Zqc4os1+HGf3Qh"
    "IaL2SB2mgohpswFNybgrRMPhiprrJgUvMnhojOPjx8aH8ZMi6g/HwdeN4evGB72PE0L0sG"
    "kINg3Ve/42KiScCh62IS6817gwTSjjmZaCCUo1X+ef6SeY1PAN7XtPrcOOEUNwqdXo4FJA"
    "w+BmA9qQZSWBevODidr5DA8ww9TCheuUtBQVLGukoNL4JVa/EqUGGZQ2MCOlKw7AQYIu4M"
    "DY03wOaHt9aLtJlEqeKe1IvdzP0PaPs8DTF4In4U8PmbIjXmIbEbD1BX7aiHq+EgdRk+PC"
    "cbMKvwpdCvhyH4VOgLAe+RJfhCZSv3IgjNyXjXcaB62Qv+zkBTDJ+jHJVm+EjTGeGoQaki"
    "4Yaj3uI44Nwo2jmDW0jYVS20b0OK/axmRErJHR85jwiPyNtFySlRgcTV+3MpDovI8uzpsm"
    "Q+X57i69yPrQ3kr8yhz7nc+Tx1A5q4lv2hhtSoMfgkOvae5jJCBYXYb+JhCsYzUzFK1XoO"
    "P6F60PCCV8BHoup+cMipUVr1fSh8uRi0AD8k4ZQXTmSaCjiVaHCjPmMfm3DQVMeTg0FuYS"
    "bnLh+eZEclRceFZXGJSZI7GnqEwGDK2RGfh4sgZDAv15nuvPo6M02vWbH1xcyKh/BsNHyd"
    "LYL/siWeXzuI6delhAqUJ1H7hDn56DrXGB9jDQHuag8kG7ryxSsfY21BLttZZIrm6bf8ZC"
    "KuxqFNBxax8ZkgoibgPCuDDDcFV1EbdSpqB40C0ji86gW3iTaj/QVgq0Mp9iW8iyHjEoG9"
    "4VparJajQzbuWXJGlUX1qufyFylUuTaSmNrM7xZ4xg9BBL0vqfRojhvSxbkPetVT6w/nlf"
    "/OQTCSGouYya0yDqyvpCenK36UmbDDEv/FpcRpGS+I340n24vLnrPvyxPD54uSSycvlH77"
    "pbaQEzoYgVJrMxHhtkyKYiuUtkK9whRaZhMoOLAPXgWwPaqPjfjJS3IQK41wggV1rYPAb4"
    "SUiOOMRdx/GEqz4LdthOFeJjqSQzoIIUr1cAvp2FsTLGXaH77NEBYS440CUd6AyMtdR0QC"
    "FQUlrPSRA1103/0umcnJx3jk/eXpydnp+fXRzH6Zz8qXxeB6nFqEzh5M17lddJaa/K0upL"
    "Miye6EkKV2GWpxrkJR9tJupzwXTm1QSpWXlZa8CiLfi7bxVZrrgs7860visVfjcQtY3v83"
    "dI/smwEYZCXhs9RoZDyU0NbxBuTHXJkM1a4RljjH0jGmBCxMjAksRODeZN5JVIGKFx5Pmt"
    "rju6pzaHLMvt27DztZCLpmfnK5+px0Rz/WzhtQW+7zHRI9YYH7rLBnmwKuidpjzYWn+b8k"
    "nNVr19FVUvoNC4swgxQSzoR40zWGhEXF7P56bzxUOeBEPrxgH4Fmq8Z2An3z+F7BVkr7YG"
    "tFnZqxSlbkMWa79ZrJk2TBGqY3PHqBe+47c4/NjpYftF0PWydl0vq1PuD49Q8HnLKTiF4c"
    "5qAm3CfQdNzfApgKDmAdHoi2EXlUjrNwn0GAndaJtjPAXEs2hoRJ1wU9IV8vjCeyenYNig"
    "HLZU92R3xhdfOuALGLQCHr5II0RtiGPiJXhotC3qjoD8AvkMHhqRZx5AjpNAaMQaAm87aC"
    "Ous3X4vtuFp4JIbaiZqFHNRDTqjKmU/0rOZ7VF6B2atg60A8Ys51y4l0Ntul8k5KhdTaTl"
    "ub6Dw42RwhtjWhjtzQoky7kAZWoklwpaO3VEfQObrYqckDrrVm1UOMKjIstVR4SLhiFRNj"
    "KzSbC/qAsL/VB33A8VmnfuunknuFEHVb8QU9k2OCw1cljCfpmmXJxWOyvRyhVb0uQLvsqR"
    "+fv/Bap1Jg=="
)
