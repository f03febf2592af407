"""The event log knows what must not be read of it any more, and members when they came."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_member_admissions, drop_redaction_tables, member_admissions, redaction_tables

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return redaction_tables() + member_admissions()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_member_admissions() + drop_redaction_tables()


MODELS_STATE = (
    "eJztXWtv2zoS/SuCP6WAt0idpMldLBZw0mxvFk1SpG7voyhUWqJt1hKlS1FxjO7970vKsq"
    "yHHduiaMvKfCkaSaY0Z6jhmQdHP1uWRx8xCxAnHn3dxYxYo9Y/jZ8t1A84QxYXfwyQE+C2"
    "0UK+L/7K/KIlDveRNZ4gZpuDsTkg2LEDcdXXb+kzXsfLnbIRR6lDP+Wo8oaE8iC6v4ueTA"
    "fTIZeP8+b4+G/5o75peU7oUvkY8mlmx2w8QKEjn7Rlmnf3PfPTdc8045PRPUw+9fFsXHnV"
    "l+7D1a/dhyMx7Ct5mScEdbA8cxef6szORTdNRqeh40QHAosRPxJ/cdCzxOMTOlwcWtxZjn"
    "w1Quw/8oi84RBTzBDHdgpdQm38lDlCkYtTksphUT96zvkV/pSPPJrcQzyBvDCk5K8wuUzI"
    "sAbdztlZAV2p4Vi/KgiLoVciHJ2rB8IpaStEuQCqOM8x5WVB/e+n+zt52g2Cv5w0lke33d"
    "/zMF99uL+Uh3wv4EMWjRINcFkl5HLAkpCnsFgPuU0sbvzPcEjAl0D/bZvnz9uo2RMmf7od"
    "N3eBiygaRiLEQ6QkKFhOqYOCrfPje0aKzL+JQznWPzpvTs9PL07enl6I6yMkkiPnhWlE7L"
    "Iz6OauV6X6byhfqn3Owqzy4wNz5GYCrFc7oVl1y2Hk4/P4Zy2UoD67xuTeEPMRZhH08tKs"
    "kmgwwazrON4EUQvXYp2b6f+XTufk5LxzfPL24uz0/Pzs4jiZCMVTxRkRBlhoxRtjGpSdGp"
    "c37+XsyBiR4nQ5Lj1XLslw1XRZbyxy8m0/cza30a6wS6OyIL7r9q6rfMHeCYRKQpbIsYF1"
    "FYNy4uLX8j8b2dfWbyPEDRS9ToExQo/YsMQ6YxBqfI9u/N04IjwwBoSJozaato3PvatXbX"
    "nBTI2vjRtxnnkTgwSG41ljbBuTEXGwGDUe2OjjIRFXtnJI7fzm2taMnDnaevEoTF6xoiLK"
    "zfILRMQmTt6+yjOHz59v3uUmdutfg5BaUhAjDIn9Wv5z+u9W6bkub7HhXM8tJxmp10/36G"
    "kjgZ5fWyLtmGiunmDLZeYDRsF+lhgUcs+k3iR9v/iQiew0pOvmE37yiZgBJirNWXs3t9ef"
    "et3bjxniKu2kPNOJjk5zR4/e5shsMojx203vV0P+afx5f3edn6XJdb0/q7bC0j6WtMRZEL"
    "c0x/I/G/p0lTAJ8aCYPe6ITShpRYlQLBFTJ6nYpV1WAnULI5yHtBIrvDmkghKyZgOaklAN"
    "ziX8rZvwHC7JlKBBoXgOZkwkW0LUFodxTJYMwg0XTY2AE8eJmNaMPlHPxgYTEk2iS0Iqzk"
    "c/iwfG1F7C3XZ5Y728bba+q3O2F0bW9LA0Rypjc4Z2JebegVMzi2EJOVAzFWqWBbE6alad"
    "mkPfBjWrqjkLom4GvlUs18VBIJYccSQsnxioMk5XnlMXRKmQUZeBVjGFVQT1zR5A3SozVd"
    "5BmRvC/rTBhDorpH4XxRZuv8XNMS4Nau/6997zGb/EdH+4v3s/vzyfBqwQ/h5+KjuVs3Ck"
    "4I8ZYmVp1rF4BkA8BYTOnLbPvB9SrY12xbNCrp26qoYDwkXVQ0q4g8EopJEoaYHrUG0R+e"
    "9tCL3sNfRiCSWsCrl8za32i7f92/JozO3MeWhBUObFe+v1D8pgm4CWVbOiaQzXLkUQeDtI"
    "Jdc48EZDt49ZdcEhLYWU6xFeiAHRtoOJtqG+F3Kz+RnsgpzaPWdh7Ede01FNy6gdUcnym4"
    "1nSkL9cQjFLSCNikRstQWkfISSBAJnB8unKon65f39hwzqlzd5WD/fXl4/HL2JVCAuEtx2"
    "+ao2l65kzZvnORjRknhngVgPeV/crSTmDPvO1OReg81GWkSICB9gRFiOA2Z4AURZG1yXgP"
    "A8hNiGuPDe48JmXAyyOj6cYV2RD7siMvwRMU4s4gvb0Drs6PAPj1CIKKlFlDIY1iqg5KCA"
    "mwwj22xIaGmZQFprkMDTrJLfMA8S3jgNhE4fE/g5bPDZGlCNG3z2w8DTVA1YeA1YuL9QyE"
    "ZMfD4jV1DxB4ysGI+9N84oJuVd7weBBS+NhM4Vb17t32gLnRVyBzEpoBFAI148jUiWGeAQ"
    "NeAQLNbGagKRrDdZc/kcmUgzhMMO6kHJZ0s9qncAJZ/QCUddzSs74UDRZ4O0XOOiT9htrQ"
    "1aqP9cB6diZ66oKY7azK11j8+cfFrrb4npM++R2OWzdI0KGOXwWLswl48apUUD5At4aETe"
    "9WzsAOZpJDSiDbvii2gqJ7SxE/HKdESgdINK+Rxfv60O5PRD4nDZAFj2nFeI5XQZQ9PSFa"
    "YrBF6/Nq7olL8JzAFHPCyNqxZL0ZIRqEdcXgsK1mIBh85sShC6LmLQJyaHhUYLzdFQaZLX"
    "3XjM5dNqKyBfBY1KdtqopHLDC+nBSmfvxGPjwEcWNgMcyFBKs7FdJa4SF65FGjaXdYM07D"
    "7TsHn+v1GPY+ioAxmZg0mvQuKtAjXXOPFmY7/8V7VqsyMmkWLPubaGbDCqTe+aClJrtQFV"
    "XxoNssKa979Ba5A1rUGqjgHGdzG9QYN91KyQ2rM0aYei2c7/Ekm1ozvA2JaOWFlYG/UJ6T"
    "QY64sJn/2ENGTQa5dBRww3PbWQkVF//hw2hO9uQ3gds+iW5/qLPmjNTKRDRrL6jOTCozQD"
    "L2QWWJHVsOjNVcbtrV4880uQ2AHtgwzxQWUuoQtcPZKW6xvALXOfVzWCu/M4GRALNoxGix"
    "akuuqf0Ywap4GOFXScQnD9Mg8Z60NUcY0z1pC52pwii3W48R9dSImoPVKHKSd82mxAMzLu"
    "CtFouLLmuknBixweGuP4+LHxYfy0iPrDcfB1Y/i68UHv44QQPWwagk1D9Z6/jQoJZ4KHbY"
    "gL7zUuTFPKeKalYIpSzdf5Z/oJpjV8Q/veU+uwY8QQXGo1OrgU0ii42YA2ZHlJoN78YKJ2"
    "PsMDzDC1cOk6JS1FBcsaKcg0vsLqp1BqkENpAzOiXHEADhJ0AQfGnuVzQNvrQ9tNIlXyTG"
    "lH5uV+hrZ/nAWevhA8iX56yJQdBQrbiICtL/DTRtSLlTiImgEuHTer8KvQSsCrfRQ6BcJ6"
    "5BW+CE2EfsVAGLkvG+8sDlohf9nJC2CS9WOSrd4IG2M8NQg1BF0w5HrcRwE2SGAcJayhbS"
    "yU2jbix3nVNiYjYo2Mnse4R8RvhOUSrMQI0PR1KweJzvvo4rxZMqTOd3fpRdaH9lbiVxbY"
    "73yePEbKWU18s8ZoUxr8EB56TXMfIw7BahX6m0KwjtXMULRegY7rX7Q+IJQEI9Czmp5zKF"
    "ZWvF5JHy5HLAINyDvlBNGZJ4GOJlodKsyYx8TfNhQwFeHQWJhLAjPgnm9OBEfFpWd1hUGZ"
    "ORJ7isrkwNAamYGPJ2swJNCf57n+PDpKo12/+cHFhYz6ZzB8lCyL/bIvklU+j+vYqYeFlE"
    "pU94E79Ok52BoXaA8D7WEOKh+0+8oiGWtvQy3RXmuJxOq2+WcshMKuRiEdt/aRIakg4jYg"
    "LOBmFK6qLuKmZArKB91ysugMukU3qfYDbUqgqXyKbSHLesSgbHhXlKomq9HMuKkvScKovr"
    "Rc/0LkKpcm05IaWZ3jzxnB+CGWpPU/jRDDe1m2IO9bq3xg/fO++MknAkJQs4qasyDqyvpC"
    "enK36UmbDHFQ+rW4jCMlyRvxpftweXPXffhjeXzwcklk5fKP3nW30gJmQhErTWYTPDbIkE"
    "15epfIVrhDikzDZAYXAerBtwa0UfG/GSlvQwRwrxHAQGph8xjgJy444hB3Hcfjrvws2GE7"
    "VSgYCyWZIeWkfL0C8O08jJUx7grdZ48OCHPBgVZ0oHMw1lLTIYVAibKe0yBqrpv+pdM5OT"
    "nvHJ+8vTg7PT8/uzhO0jnFU8W8DpKLkUrh5M17mdfJaK/K0upLMiyf6EkLV2GWpxrkBR9t"
    "JupzwXTm1TipWXlZa8DiLfi7bxWpVlxWdGda36UKvxuI2sb3+Tsk/mTYiEIhr40eI8Oh4K"
    "aGN4g2prpkyGat8Iwxxr4RDzAhfGRgQWKnBvMm4krEjcg4BsWtrju6pzaHLM/t27DztZSL"
    "pmfnazBTj4nm+tnCawt932O8R6wxPnSXDfJgVdA7TXmwtf42DSY1W/X2VVS9gELjziLEOL"
    "GgHzXOYaERcXF9MDedLx7yNBhaNw7At1CTPQM7+f4pZK8ge7U1oM3KXmUodRuyWPvNYs20"
    "YfJIHZs7Rr3oHb/F0cdOD9svgq6Xtet6WZ1yf3iEgs+rpuAMhjurCbRJ4DtoakZPAQS1CI"
    "hGXwy7SCGt3yTQEyR0o22O8RQQz6OhEXUSmIKukMcX3js5A8MG5bBK3ZPdGV986YAvYNAK"
    "ePQijRC1IY6Jl+Ch0bbIOwLyC+RzeGhEnnkAOU4DoRFrCLztoI24ztbh+24XngkitaFmok"
    "Y1E/GoM6ai/pWcz3KL0Ds0bR1oB4xZzrl0L4fadL9IyVG7mkjLc30HRxsjuTfGtDTamxVI"
    "qrkAKjWSSwWtnTrivoHNVkVBSJ11qzYqHeGRkeWqI8Jlw5AoH5nZJNhf1oWFfqg77ocKzT"
    "t33bwT3KiDql9IqGwbHJYaOSxRv0xTLE6rnZV45UosafoFX+XI/P1/vtr7KA=="
)
