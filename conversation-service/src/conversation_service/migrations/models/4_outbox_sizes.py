"""The outbox knows how large its events are."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_outbox_sizes, outbox_sizes

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return outbox_sizes()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_outbox_sizes()


MODELS_STATE = (
    "eJztXW1v2zgS/iuGPmUBX5A6SZM9HBaw22zXhyYpEre3u0Uh0BJts9bbSlQSo7v//UhZlv"
    "ViRTYl2pI8X4pGkinOM9Rw+Mxw+EPRbOsJux6ixLZO+9gl2kz5d+eHgsYedZFG2R8TZHi4"
    "21GQ47C/Er9Q2OUx0ubPyNXVyVydEGzoHnvq67f4Hbtnp27piKLYpR+8Vf5CYlEveL+JXl"
    "QDW1PKu/Pm7Owf/qOxqtmGb1q8G7w3y2s6niDf4D1VVPXufqQ+3oxUNbwZvEOlCwcv2+VP"
    "fek/vPut/3DCmv2JP2YzQQ3M79yFt3rLe8FLo9Yt3zCCC57mEicQf33R1lj3iTVdX1q/mb"
    "f8bobcX/kV/sIptrCLKNZj6BJLxy+JKxYycUxS3iwaB/1cPeEs6My2onewHvAHfYv85UeP"
    "MRkK0O1dXmbQ5RoO9VsGYdZ0LsLBvXogHJO2QpQzoLL7FFtUFNT/Pt7f8dum5/1lxLE8ue"
    "3/nob53cf7Ab/k2B6dukErQQODKiHnDQpCHsOiGHKdaLTzd8cgHt0A/bdd+p+2UcseRn+a"
    "PTP1gIksNA1ECJuISZCxnFwHGVvnhO8MFJn+Eqe8rX/13lxcXVyfv724Zs8HSERXrjLDiO"
    "iiI2h4N6pS/UOLbtQ+df2k8sMLK+SWAhSrnVhJdfNmePdp+DMFRagvn1GpPcV0ht0Aev5o"
    "QknMQtCDTG7Ip7Zq2c/x94WXVKTHP49CE+JiDrKKhK3IaHh78zjq335KmJL3/dENv9MLri"
    "5SV0/epsxL1Ejnf8PRbx3+Z+fP+7ubtMWJnhv9WeXAe88woMTEorYnAeIW5id83enqPzn2"
    "vzo1+44Oai6r5iSI1am5AhNuYs9jswq74ov7A1lrfla5KS9GOSPK7na9UmhLeq5ZUN8cAN"
    "SdHNKt4cydTcYLUbgC9/N8aTfiFuHz5+H7Kk0Bb6+ktV8KWQyn7xP9NOi/GKg6cbFG1TkW"
    "BnV08/vodUc/Mt0f7+8+rB5Pe/8Vwj/CL6JDOQlHDP7QKaxsdTVnfQDEY0DIXMo6rv2dq1"
    "V8LdIAy5EUsnDoljUcbD2MrJZDmpBRvi2mhBoYjEIcCUELXAeSJVi/d3elWCrkT3b4wJT/"
    "THxL493uBIOY/3Pxi7KPb06Qbdn8rWU4F40pwcuhXL6mZvv11/5tMxtzu1w8KEDKHP1qvf"
    "6kDNYJaLmklhMYFk5FQLw1Usk1Jt4s3xxjt+bxk2KE12IA29YYtg2NbZ+qvofddq/xMnJK"
    "XzkzYz+z245qXEbpiHIvv914xiSUz0OUzPxoFROxU+aHOENJPIazgXmvBFEf3N9/TKA+GK"
    "Zh/Xw7uHk4eROogD3EfNvNs9pKOjGwB7ZtYGQJ4p0EohjyMXubIOYudoyFSu0Wm424iMAI"
    "N5AR5u2AGV4DIWqD60IIryjELvDCB+eF1TAZJJ8fTnhdwRo2hxn+hFxKNOIw26A0mx3+bh"
    "MLGKVyjFICw1oRSgbyqOpipKstoZY2CSQ1BwlWmlX6N64NAW8cB0LmGhP888rHb/vp0c3E"
    "qACcdfHA464aeOE18MKdtUK28sRXIzLHFX/ASAvxOPi+0GxQ3rS/E5jw4kjInPFW2f6ttt"
    "BJIffASYEbAW7E0bsR0TQDPkQNfAg31Ea+AxHNN0lz+ZozEfcQmk3qQcqnUp7Va0DK54tD"
    "GISg5lI5nwkQIemznVqucdIn7LaWBi3kfxbB+XOvd35+1Ts7f3t9eXF1dXl9FuGavZUFmN"
    "pzbJUbuYPhB45zwtZUOZoHZCqOfUo+qfm3RHVc+4no4lG6VhFGKTwKJ2Zx1iguGiCfwUMi"
    "8qatYwMwjyMhEW3YFZ9Fs3RAGxuBXxlnBDxReHk/vn7LJ3LGPjEosbxTXmquBJfTd120EM"
    "4wzRG4eG7MKZC3DcweRdQXxlWKpVA4A/WExbVQwlqs4ZAZTfF800Qu1IlJYSHRQlM0LTXI"
    "6248VvJJtRUQr4JCJXstVFK54YXwYKWj99l2556DNKx62ONUSruxzRO3lC9cizBsKuoGYd"
    "hDhmHT/v9WNY6hog5EZBoTXoXAWwVqrnHgTccOnVUXGzrQjphIigPH2lqywag2tWsqCK3V"
    "BlR5YTSICkve/walQfZdGiTu/bZ7pbpBUvlswARjnS8bRHFt1TlHcTCKU99ePecI4r21i/"
    "ciF7edCE/IKD/aC9uX97d9uY4xX802nXXVrnaGfSF+Vn38bL3+UT3bdzWwIvmwyI2shcWY"
    "jt7zi5DYg9sH8cxGxdmgZlk9QmzF5co2rZ/zypbd2ZRMiAbbG4NJCwIz9Y+/BWW+QMcldB"
    "xDsHiah/hqE1Vc4/gqxFm2d5HZPNz6IwJiIkpn6rBFCV20G9CEjPtCNGhO1Fy3ibxI4SGR"
    "x8dPrafx4yLKp+PgLF44i7fRuw6BooctLrDFpd7jt1WUcII87AIvfFBe2Iop45UCeDGXaj"
    "XPv1L9Lq7hoTW2X5Rmc8RALimtJpd8KyA3W1A0Ky0JZEc3hrVzXDzBLrY0LJynJCWpYNO2"
    "fx7GLzH7lUg1SKG0hRkpnXEACySoWQ0ee9KfA7e9Pm67SrhKXkntSHzcr7jtn5bE0xeCn4"
    "OfNtllR55qT8BbF/bWI/ykOerZTBxkqR4W5s0qPMO4FPDljjCOgVCMfInziwnTL2sII/O4"
    "8U7iIBXy4w5egCdZP09SGc1wZ44XHWJ1mLvQ4fPxGHm4Q7zOSeQ1dDtrpXY7YXd+6naeZ0"
    "SbdUa2S23CfsMsF/NKOh5anCopSGS+R5bPm3SGyvu7+1xF1sftrWRdmfF+V+PkKVBOvuOb"
    "NEbbusEPftNzmscYUSCry7i/MQTrmM0MSesV6Lj+SesTYhFvBnoup+cUipUlr1dSNcpgk0"
    "AL4k4pQWTGSaCkidQFFXZd22V/65DAlIVDYmIu8VSP2o76zHxULDyqKyRlVkgciJVJgSGV"
    "mYGjfiUYEqjP81p9Hhmp0abTfnJxLaP8EQxHaCWx33R+VuXjuI6Velzfsjiqh8Ad6vQ0Ns"
    "cFysNAeZhGxYP2n1nEufYu5BIdNJeIzW7bH7rAFPZu5ltz5RARkgoYtwlxPaoGdFV1jFsp"
    "UyBOuqVkkUm6BS+p9jixUqCVOThsLUsxYpA2vC+Xqiaz0dK4lZ+SmFE9tlj/WuQqpyZV4x"
    "rJj/GnjGDYiQ1h/ccZcvFBpi2I+9YqHlj/uC9+cQiDENRcRs1JEGVFfSE8ud/wpE6m2BP+"
    "LAYhUxJ9EV/6D4PhXf/hj8384GADszL4Y3TTrzSBmVjIFXZmIzy2iJAtaHyXyE64Q4hMwm"
    "CGJQLkg+8MaKv4v6VT3gUG8KAMoMe1sD0H+Og7ju3SEdHmmCqwojp6V1vWiqpwk6flPUN4"
    "HiehkJijhlxKNKhshlNYSEScPe+tTOfRQx4HQ2oKCpyqE2Wf7OUkHVgHwTpoZ0DbtQ5KuN"
    "RdWA8ddj201IZKA3VsvzAaBd/4LQ6OzWn2ugjqpzSufopOPMdACzXoAjgvWUAk+unYRAQ2"
    "OySQkI22OscLQDyNhkTUiaeyqYw8HXmFpgQMWwTdStVoMpe+xLEDvoZBKuDBhzRDlg4cF9"
    "6Ah0Tbwt8IyK+RT+EhEXk4hj7/GPqqsQZSZg/FymQWKDt0UbIEwdCFmmRCZJGcmmRhq0tP"
    "pXwt3s88Eek9WigN3WezjEcK7xipzR6bmBzFQ2XXsxR+7vXOz696Z+dvry8vrq4ur88iaL"
    "O3shhrtukYOEi/pPYcW8JoD4YfOOCJqbnqJQCZiitho6C1U0dYnaDdqsgIWaEasowmEmZ4"
    "OK1cNR0sSkOiNDOzDREsuoSFqit7rroCJUL2XSIEllGNim1HrmwXFiw1WrAEVTlUNjnlL1"
    "bCmSuypPEPPG8h88//AUKNXUU="
)
