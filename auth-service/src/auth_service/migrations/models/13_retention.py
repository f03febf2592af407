"""Indexes for what retention deletes."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_event_log_milestones, event_log_milestones

RUN_IN_TRANSACTION = True

INDEXES = """
create index session_tokens_expiry on session_tokens (expires_at);
create index api_keys_expiry on api_keys (expires_at) where expires_at is not null;
create index invitations_expiry on invitations (expires_at) where accepted_at is null;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return event_log_milestones() + INDEXES


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_event_log_milestones() + "drop index invitations_expiry, api_keys_expiry, session_tokens_expiry;\n"


MODELS_STATE = (
    "eJztXWtz2zYW/SsYfdl0RutJ7cTJZnd2xnbU1q0fHVvZNO1kaJiEJNQkwQKQHU3b/74ASE"
    "l8KaRAUKJkfMnEJAUQ54IX5z5w8WcPTvnk4ARR7E5678CfPXjPOIUuF3+MoM9QH/RgFIm/"
    "1JM98ec9dB+eIPWc0YMzwsj3mLj72+f0HXJIcrc8yGHq0p89l4SyIxxypvoN4BfHR+GYy9"
    "f49uXLv+WP7h2X+NMgVN2Lt4iveWgEp758w57jXF0PndvB0HGSm6oPh88iFLcrn/rfyc3Z"
    "Dyc3L0Sz38jHiBigj+Sdq+TWYXxPdbpoPZz6vrrAXIojjkmYukhc8fo4HC8vLXuWLZ9NIP"
    "1OXpEdjlGIKOTIS6GKQw99yVwJYYBSI5XNwnv1nvMnohmfkHDRh3gD+eA0xH9MF4+JMVSg"
    "e/j6dQHdR0SZHGBDhEXTKxFW97qBcGq0BlEugCrucxRyXVB/vL2+krcDxv7w01i+uDz5JQ"
    "/z2cX1qbwUEcbHVLWiGjg1CblsUBPyFBbVkHvY5eAv4GPGS6D/vM7753VU/IaLP4PDIPdA"
    "AEM4VkNImlh8lilNKbEv6Lgo6UsJMP8FjmUb/zz89tWbV2+Pjl+9Fc8rBBZX3hSmD/Z0Z8"
    "751dCk2M9DXip1TqdZoScX5ojFA6gWNw6zYpbNyNfnyc96cIF6/IzDyRjxCaIKevloLJwI"
    "/4RmG13GRGvECclTup/kkgO99IdQqSwokrA6UFtfDM8vB7fDk8ufM0rj/clwIO8cqquz3N"
    "UXxzlFsmgEfDwf/gDkn+DX66tBXrcsnhv+anKqvRcYcBwgXS2TAbGGokm6O5j/Z4WmNydm"
    "9CXCAkIr5iZizoKYEnOigLYuZR8y7kyZ/ZybyTkPYwclTdEjebBybibnLIjGpFwlOw+PEd"
    "OW22nCuBciE+z89Pzq5ObTgp8v5HZxffX9aQlDP/00HJyYFMQpDiGdaYphiUf1ynk/42II"
    "erir/nS/lsEvw68bRRnQ54/nLSWDkA/Rl3J6XA34HIg2jdCIohH+YuHOQNEm4MwlUfxp6A"
    "L+22eTgJ1QCnU1wnIs1YitsNbrQMZRCEPu6Bu8akYexYtiWr9++HD+3iSWsj1NKDNjrEZz"
    "OsXegXp9PUgFa6L7BWjOuZAaYDM0i+6k3gmIl0JAQn8m3pyABzQDmAHGCUXeQS83tFo/MO"
    "6Kir0d/XVdUQb9TGvMkt5/RtPQlQADJQz5z6v/9rYwcZrNmaJvKsKOEHaKC63yTnGOgoh/"
    "FC+mDI9ddFKh0LOui7VMndzkSwFozjtlwNcsjeyOe5url9j5INb3OK9cCT6EPhkLHfwOQN"
    "8HFEU+diEDLpmGHOAQYN4HMPQAHHFEAQQuhWwCyAiI7x/ID/EeMhQ/LoYslgNIORO/QE/F"
    "RaTlvoyvPxl9tvYylI1JHr8qTMmHeHFrEo48frUyGilvbScYmdMIyTDXt0iKK1EsEOdJSa"
    "TGgjT1MBcvjsONrkbl2upfh4dHR28OXx4dv3396s2b129fLtRW8VZRfzH0h7Yf5/x7qcEy"
    "88SwSjvFY32tlgxNV6nVMRYmQpFYN9gc8Dka+k6wkoXko/j8kNLUrvzipNqGILYJgSQFxe"
    "Wg1i+MK/WlTmhuWGzSrO+OfWHE0C8qdykYR82Empr9gow3qtdtKLxTMZW2QuHly/fR4Zvj"
    "xYIt/yhZojnkUyYueNrO/9vLk4sLw2vzbSDYdoPVOTsqg6u0GWJEkeiGcWexVO0jRSoMsn"
    "NisPy0CT+FamG3MawMFG3GsBKn5n4FEIp51ulBVmYdNI3ICM4eEayfDrxX0zgNRpsT2Vq2"
    "Zi3bOphj7Y0aezXFseldHAWgA2H6EW0NvVdgL6FoE3Ay5S6xuUsoh0XL6UuPmAgLy2ryXC"
    "pTFpZ2VfrCwCKedlBmr2Z/HpBK9qj/BYj5F4lHkBNo2+/vrz+cXgzAzzeDs/Pb82RX2cL/"
    "pW7KS+IC5uptbwYnFyaR/s4nUB/qzPirJ/pIdqYJNkNM7gzcb8MnO8jWDR+b3Wce0okchl"
    "XEKSTaJCEyfoIaTOD9QjwFRpugqwRPOG6wgXqvYM/C0SLf2L/M4VIoDSx+JWH+G/LEAKRI"
    "JQID9CgTtTwPeQfgLk0Z72Ru8N3vjIR3fRASHv///u4dwJwBLmaJfCCClMuw/9MEcpUIIM"
    "m+vBFAT/QwKuYMbL77VhIQZOi6b/Oat5vXrBIOfDKuTjd4DzkcfIkI5T2bcNC3CQf15qHd"
    "e78TYs4nsK/aem82raTEMIe+mFxidNOgASXcP09gCTDt+gL3jx9ucGfZUKbqJ6JS+8OU9M"
    "BUvAsFPw0+OYOrs5tPPw/Pr68Ekmc3g6FK+X9AEQcjIrP+PTjrC0omc0Mlv5vNNwoAF4bi"
    "/9ATHK5IDDfYr2lGmGIXlhNulxMqCoaULKpZ4Xn4iDlMhrqLrBC6rpj+lhY2o4U5FCsN7s"
    "3TQsv+DYjZsv9nIea26L85MU8jz37NTcWcBbHtzQNr7VRuWKm2mDn9rTbI+jnTaxWgrZ+q"
    "ni2ifFySTEN+Ry53KPG1k5gWxZTzMz5VS/m4K4V+8wM2FzapxPrZYFyCbdNYYL5edXFzOA"
    "og9pvCKxr+SrXqrW0QL6y587FuHmEHeyjkmDfeib9LUGcG3RrmJRUPOHlAodOsKuEulT7I"
    "j3d9rBMPRZ0dRIkVeq89lTvouFxpa9/XS0psmoaEpYtn30HNDrL93K45Z9krF/sqYmZTEL"
    "uYglgSuFhWuIvrDcmFEnlAqXCVbfK1onhf+4npcEHK7dy34YKthgvwQhTV0YIL/IiG2H1A"
    "u5pDYt2LvfX9Th1JLnApUpQf+vu9RBTG2T6bsTXWsyLYVI11y3hsSeW1AW0z8+V7QjyVSk"
    "JCmUkcemwCHxB4wnIHB2BIoO+xPoAMPE1InLnMHlD8E8wPQKbEcpFsmm/eNDFNMRxLTLdL"
    "TH0hCocrWVQz00vpfd1NTmozGzQ46e5lNnhi7loR65sdS/w6FelO6vlq7/ouhrpfagOsH+"
    "pOj6K1WPfRYQkBDiJfvGXTQMrR4cpAirzVjbhVerAGI1YrsvCtNZdNvm9mzZXtIkQujrBM"
    "1ZZJ2D7iquA7RUna9jsA5xcDOAMupHQmL+HwAXC5WY9EKJSV3wF0VTn4ko2CbfRgmjFfJn"
    "Fvy5W3yJWl174eSR5Kx75lys+HRu0eU7ZO+uZseUNO+upkxikVWD2PHLvUWNukd/vn4dzq"
    "oXFxpHutY+PKftIGrYrX6rW5VWUK2/NJXjOQtpYlWY6SfQ2qhYJ7RNkER5ZrPZ9FePe4lt"
    "2IY0DMdiNOHZB3biOO3RxikLViYYu4HD9qI3p6fX2RUTGn5/lCcB8uTwcCcoX4skxqcQ4n"
    "JEHTFUkEWjDUzVNOw1DDHSk6s2bCdiqAqMOhw+y5nYLzv1gktPRB8grfyJob2J2AIaGcYH"
    "m+JwxlxTYGS5IgDLdt3PBYMte1LY+tJjh1x7nbzuFywUIwq8yP37I9zz+QzymzZATFOuHL"
    "VQ/1dtMwsd5BDca6Ie+gOSlHkLEnIuaWO4FirloDpZGBsgLNTlkqNpHCZmzbjO1t8Oq6Gd"
    "vt7PqzdopJNJ+E5ORBp+QBd8HSno9yG6Z2Hgpta7vEPrwlAZI1umW1bcAm5Cm25SgeTziY"
    "r7Yqa4c8IQYgkEfPFk1B/WaMW31pw6Bvs3m2m80zgpKpxdKoEWsawUFIia8qy+6mUSfujz"
    "ANLM9vGG/KwVi5eNs6jrsp540eG9/wVG0fMu4IEuQ5jCPtU0e7fsB2cZSVH5++9ZeUE2dI"
    "TARrBOarrC9hMZrvLf32cdP1anMfgI9Y9DXl4C6tl+8A5nJbIwMhUdxPVe4OZ+qMrPJowU"
    "Z6bYFRLllJc0a5OTOxO7TSgOVYyi3RXC61uOUNcomsJX8mbI8dpZdKL1vG0STFhZknldbH"
    "uXkf55qx7kQD9ZMUWHOB7nUbbmF1yug1u0B1aYGiiWgc6e9aHe1efhAloe4bxBC/ic/T29"
    "Fly9rKBlauNmzlEi36neDT8gzG+XGOAhMGniADY/yIwnfyUB45cSUNl87e5aZMqQ59QmSZ"
    "k2kE5P5g2geSv5ORJOiSrP9DEH/pEi6q2I31alr/Zr7OtZWvLYxcmtVhoC5yQR1TKSgnOZ"
    "e02l64jU8ttwrXKtzuJhfZFDIDYu5+DplyyTKEQivoJoLOw9hFUVP0KLmMFXQTQWdB7GDs"
    "kBJul+fGUs6AuDFnXmKcaAtu8MswI7M5AS935s0fTxH2M+nfMyiGIfqinSS6xKLNLVdx6l"
    "PDo0r2z41agKXyG2iSMOpOKRUGmZVCXgoFXNpN3I3E6obJlFlB5PcGFIFp9YOYswxhJTL9"
    "jcl7tR4UIamUgP6q8Jwz2FtKulbRBzhOEh2e/XTOwtEmw7F7Bxrscb4OkXTwh8j7Jw6BJ1"
    "YBVzQqk80ZUQXaRzDA/kxGBCgaCWgmceEjdgDeq6WCrVFEqe3OTMcn5n7svk2F32oqPIvl"
    "UDvwsMvlLa1butddt7RNVurmhsxEQew1C8iOsX0+a00Eu8tVj/Vv4lgiSSMliSw5NUimGc"
    "r3mB9mmXw4cTV0/ZOK2uqxJdKqWTbUMtc2mGvdgqG3Yo6JYf2EZjvKXm3ujAH22v3cGSq6"
    "oVbMTSPtaRA7GGmXKx5zRpQEVsraUs6CuDlTNJre+9h1HpB23uv+maNZTNo2SdU21IjiR/"
    "F+Vg4lW3Rz2Bjfz5S0DyJIa+6b/TeAIFHLatNSiLDKnFcfMQgFh39EFAskZBb9DASEltRz"
    "2WzXxs2HJQVd23ioPHNA35jYpfMG6toQlWn3LJaF/ECqbYeh8mX0rN3wbKlG9+0Ge9CAAT"
    "HbgwbqgLxzBw1wjGjT1XGtgwZ6I4qQvo+tyRmoyVANZoVUUg/mT8fPgXzMx6lNP6pNG9WV"
    "rv7epxynORC687hot3zlpQ3z/IQurs3xbYDAaIAgjkBWs/sPTF3ZRW4PQxLOAmyr7zTkfQ"
    "UcO+gydn1i5dzUjEtj2EUZW1v9OdjqasevT8bY7pxuvnM6jWMHP2l70IpJibd+0Ip1yHVK"
    "3tYhVwfkbjvkVpaPauoz6mjVqELG/HysrfnkbIEu4wW6ahRceBR2PXWmVHse75XDLgtHJR"
    "HT35PoYRb5cOZYV+liJ0gWkBaxjz+wJFtC2zm5J+cfFcGokWajf97wCFNh7dhZn6CfhcPg"
    "0lr0wtuTtQswtDrTRU9CofERoYGwuQKszbH3RNGU4tGqBJRjxaqatJtpE5pm4d2YQDax0J"
    "ch0ir8FI0QRaGLtMuo/Xh7ffV18PM497NuGNlAHvxUhPZ+in2OQ3bgYZc3CNLKbnRFkkWp"
    "hk9GvCr4C/iYlbkPthmoV5Hfvg3TbzVML3d31gvS3yLO4xHtYqzexvZ6zf3B3Y/tWbe/AT"
    "Fbt38dkLvt9i/Jw3XFC44JbeyNXisXd1tu//RgN5mN22A7XKeTcfP41t7aZks52jotu1in"
    "pQ6cj9CfWidNBglzGeO965EqTxOg4D6uQCP/ij+Yd2As/5AVa1RdmvgZNsHRAbhT73InN6"
    "fe/c5IeNcH8qg99f/7u3fgAUWydo08NMoVb19SzHFz/bZhUs/ttL61rLduWTssFsbqQ/7S"
    "PCVZUzNrQurov7//D2jAOVY="
)
