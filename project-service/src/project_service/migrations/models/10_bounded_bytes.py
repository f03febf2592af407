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
create index webhook_bodies_of_tenant on webhook_bodies (tenant_id, created_at, event_id) include (size);
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
    "eJztXe9z2zbS/lcw+pJ0RpdJnKTJpe/cjJW4PfccO+M4zfWSDA2RkMQzRagEZFdt739/Af"
    "CHSIqyKBIgKXo/XC8mKYD7LAjsPrtY/DlYBPS/xOZPjkng2rPBG/TnAI8ZD7DNxR8T7DEy"
    "RAO8WIi/4ocH4soY2zd3OHCsyY01cYnnMPHAl2/pO/SI5m45mOPUpT8HNvVlX67Pmep6jn"
    "+3POJPuXyTZ0+f/k/+aGzZ1FvOffkG8kXCaw6Z4KUnX3JgWecXV9bHkyvLim6qPiy+WpCw"
    "XfnUL8eXb/95fPlYNPudfIwKGT0i75xHt47Ce6rTpHV/6XnqArMDd8Fd6qcuUlu8vutP15"
    "fWPcuW385w8KO8IjucEp8EmBMnBazrO+T3zBUfz0lKUtksHqv3jJ9YrPiM+kkf4g3kg0vf"
    "/W2ZPCZk2IHu0cuXG+jekoBJAWsiLJreirC61w2EU9JqRHkDVHGfE59XBfXnjxfn8vacsd"
    "+8NJaP3x//Ow/z27OLkby0oIxPA9WKamCkE3LZYEXIU1jshtxxbY7+Qp7LeAH03/Z5//wc"
    "Fb5h8uf8aJ57YI59PFUiRE3EEuTmSwn/xjS3iLpTOsx/hFPZzN+Onr149eL18+9fvBbPKx"
    "CSK682RpDrVB08p+dXOjV/6vNCxfNgmdV7dCEGLRRgt8ZdP6tp2Yx8fR79bIAT1MNnLE6n"
    "hM9IoKCXjyb64Rzbs7kYbGdkwumteqTRtQ0vObV8epfuKrpkYSf9deyaQZjr26TqELg6fX"
    "/y8er4/YfMJPLu+OpE3jlSV1e5q4+/z00sSSPo8+nVP5H8E/3n4vwkP9ckz139R+e4eyfG"
    "GXfnpOKsk+BXYs6JenoS/6Pk0hp+1X8/Onr+/NXR0+ffv3754tWrl6+fJp/35q3N75y5f1"
    "RW8+j0J/mxZ7Sm+esfudNtE0AZHfxRUgX5SaD8SiuWFuxzq/p0qZbV5+HgTw/rT59O3+lE"
    "UrZXEceMjLvBXC5d54l6/TIr6ODYR3Qsp0HEZ5gjnyKczKMoIBNhMSFO3yDqE/E/5HKG7v"
    "AKuf4Q0UBdvZtRRtK/chmaihtPBjlgTPdlYs3fXFP2Xv81Lu57jNbB/02Wvi21jNSIkP95"
    "8Y9BEwO4oilQPHA3DYJEJcKzCXXCypgHI4+OD9cg4HRpz4hj4cpeBVgFORBNmwZ7Gfx1DI"
    "GGTP5WVvxKWHI8FfIxfXg+bQPMlBQmTaiaZMUo4h+SGeWX48vR6fnx5a8JW5FMK2cX5z+N"
    "CviK0a9XJ8d67VYfByutjEW0qOVgH684YRWBvyELbo1XPbZcUxLuRPI+s7UMmmyGj15+X3"
    "lxPPn31f2UW2YQx4/neTiNsF+R3yvPHAkUJklOcL1qu14ommqEe+PbBC1IgMIen6B/iU8n"
    "vs3QDN8SdB19Ttc/ICotXOkcucKVomhMQu+JiFYc5SuFF9md+EWBG9ZMv1/9r/51vIpdS0"
    "9N/FqoaD4W/dGJ+KnAh3EWOoOqK8ZpQBzh+CHsO8I/5GhFIs9QXhetu+IdP8vnRXPyvWSn"
    "sg/5K/bVt+lSvLqDcNhZKNUjZso9VD7FEBzCVh3CsVDCNg/wS2oyXH/M3zKO4Vs6l97k4G"
    "B9QzsgEnrwDev4hlkQ9fmG+tRMHBe0XFPLGQx32qTN63i5cOBTrqvkLIidonnk+DtwXiIR"
    "oWWWp2bmyiaYz1oAc6+ElOocj5iNZjTot6+WkbGer1YG0jF1KlM3vWIbYiBMcg3CPHf5qt"
    "/jNyOj+fEbdaeag2G8gYfJ0ewygbVH5JtVRH50cXGWQX50mof20/vRyeXjZ0oN4iFh9hav"
    "erF0FYl2Sj2C/YqYZ4HYDflY9FYRc+nhC9GEVbhkRK4Sla0w+c19+aZz1B4HAa4arCiWaz"
    "eUW1Isy0C5wAHpO/GbkdF47CLilnoOaUZI45hCeKJmeKLR3OqYgx0Cl94ql26HeiiVUBXp"
    "7MRxD5g7D8jCwzYwbvUYtxyKxig38MLb9MKjyaHfa2pWSPN+ONgpddMoVDoARpHiEMOug8"
    "ZkQgOCGJ0T+WWgMO4jswcGOVkr/Nyc/aPWUrCBOmEDWUmgo6Qh9JHjA95xBkkEGuwgU0kE"
    "sDLDytz1lbkMpBFH2WNAUxL2gZBRaxoYJN0wSJhQxvZEx+z0GI/DbKrjj65qEUwUMFG6m+"
    "cIOXAa1NzhHDjY6ghJcG0kwXnYny6F1QN8cQ6MnbHY6pTxAvMZ4J0CwiQ/L/uwbggERPJg"
    "GAX9QeduGOIJYDMvbObtMtfVMjmj3PghsDKtsjIToYRS4SGprbczYW81Tr2As7bVWSs2dA"
    "/LV2sJzYbcNfl99XtBSklo3qQC73fYuPdLK1cu7xXaVHdZc6AZWqUZwOPVPz2Dx3u/x6t7"
    "agaHV1PaZWQNIsdV9ZlkkV45CW3Ns7zveUOucuR8DSsW7q9Z4rv6EGu3wHdjFf6VGWwrHW"
    "3PbogXtuy8HLsim1kOVwE5RHc7xEIWMdPnJrZRJCQrR9+CpG0gasbr1jPFccqxZ5k/y6A6"
    "7rUOMsiKZ5LzAKukrlVy4Yf1LKPJPa4tKUtZOkhRtm/CMpTkjjAeWyOPGArrUg5V4UmlcL"
    "Zpwuhu3JC9o9a+va2ddv287oQJ9Hh+xVYOF5opFTP4yZ0c8KZaSNRU79X3RM054ViNIkcM"
    "ZdB1DV0XILmT+4DE3INUdYcTc5NRiDkn88WhF6osFKdvrmh/8nX1uKKLwK1+cGLXT9RLhN"
    "OXyLDVduv1wSRZIc1Hd+xlIA9JgMzcPBgGIzzuXHjK1jLwAPQ8GgZRTxZdxjFfVrYgeoV9"
    "ASYGNaB6BdjXQJjEmkbHfwHYMRImY/a4+pl+Er3uVG2NJdltedSo08rxDfEtyQDWMOYKq9"
    "2myNrx0vW467Mn8kVr8LX10MwJahZWiNFoLwsCRhpJ4VBxCi2Ihl1nPo1rhAOC5kTGopg8"
    "ShvduWxGHDShgTxzTXzOGMkvIwxs3RCyYIgR4SxxhiYBncvg1jyMYjlUHt89p0HBMd+N9W"
    "ogfqYCL0PYWtPq1pqpUELpMNmxQODW5avBwYbLqK1cYiDWaxHrORSNMesb6hPDrfdn66RE"
    "3Lk6aTqZpNeANnzYy8x1HLEiy9VUqyPQmgOVE8iowU99b2UJY6XHwzEtovHvGxwo/ZDKdq"
    "qaDn3yoGIgqu5/2vSh7nlpM95HYs8OwQtp3QuxcEobZbyRM7nOHKwnAol7g/qOSPcT9wJy"
    "S7AHWq535EkKww4m60XvB6mZevQMiZl9V3SHEzMhaxDy11rNX4Ocku05JXv5l6X4JtvG8k"
    "vpN0OSk9I467QQ00/fMc3ICDwe8HgHO8/W5fHKgH3rMnfsehG58+Ahz8Khj0AdXGdcqGvk"
    "yiwQ4stUkLlMABF/q1QQJuvBjIn4r+f8oMRD1LeJTP9YoTtSmGmitWlDhO5ZFHoCMrdtMl"
    "cGAUvnlVxEBsoA2NyHTAt0n80F9keDmoH9KQNy19gfPXtGx0tHrANV8e36ptG1dDs9QmDd"
    "Si0FsGu0Bfdky65R7V6hnM+rAi7XRt1rWkW4YjH2XMkqgnYjXgRGaQoIkyMUyPgGyfiEUq"
    "2887BbibNZeYzmzQYkmrNhtG7CYXLMAjGvn5gXC+Qf1IeRnAdDJ0+8IjiwHLxSPG7ySm/Q"
    "nPp8Fu7/wyuEmSoaHpfUHK/Q3cy1Z+K/mCP1kTEkW/JWIf279J0C4thsX4aY5ISSHAKb3D"
    "6bHEewSzPKH9TaOwA++SETjcAnPwg1A59cBuSu8cmb1LAb8JmwBHrACKVF2S+HGTjh7nDC"
    "nuvf9NuzS0loPIUNqLQGqTQoltZksbSAeFhKxGYunEJZBIhB7OVRMZVH+s8fL87vBz2Pb2"
    "4ulw1oBV02WBH0BIkSFrBrc/QXgsps9wLadGU2Rnpe2iYlYS1zY5PQvOflzdCDEb80BHKw"
    "fXIwjLOVogZlfvApJ/MBEIMPmTHqPjE4p7eg5HpKTkPYRRUvlmPPtS2ggDXouhDLLiodtK"
    "1B2x0m/KOB2Avef1MW/enke4H72xKrWo76YK01iqsjmxakZUx7MVIbilCJqb7vMZa0iOYp"
    "D8yYO/VFh5z2GdOslMYjLcop7jWRlJLQOJqSJO03mikJzX/yEAaEI5P6GQVkMxxAKIpkoW"
    "giFgXH362BLzr1DjY9tBv8K8i/v5oRFLrXKPJdVB685CaQR/AtQXTJw9R3l6EbsuDJ8Twq"
    "S14VXZF/qMN8wtIrm5n3xnoxEFRLIjNDCKm1GlILrUGhiVIBtQ9RpAziaQ+ZkO1+PM0hHg"
    "E111RzFsT9EpshunIoWu5wdAXI6j241cCeubeksi00urg4y3wEo9O84/Pp/ejk8vEzNfrF"
    "Q8JoKEY5lq1iRR5KhbHqVyVfUzDshnss+qqId1q4qpNPn1zRHB4maS6gFBusmH3n9z1NNS"
    "2ieUIcyBTtkEK14azBYajacKNJ1x/WFALQQy3SQ5E+9iGH4NRocCwLUDTmWW66QnBqtN5i"
    "mTPsi8k6/thqrLHdKda2KdPu8VkjZgkHb2sflVF3qjkw+zbwMOkURkt3v4dzVkhwDA/QMY"
    "S5wdjZ3YNr11EF/mS+ALkVk88jVlALcMtD5hxGOOK7W47jXqd8Rzr8Ed/SIIwuHKgDCVkG"
    "g/r+o6ksA7BuwLrpg3XzUAuIaEnJbIPMTtY1sE26YZtMIoVsY7e/5KbJeDx+K7Ja3hNZyR"
    "psFrBZOp0ZCTlzGtQMOXNlQO58zhxY+gbM0oB6QLqlgTDJxINbBW7V/qtXv9yqyPAeglPV"
    "CadqrtShxaW6wtMB+FMP2dBuiwMW/6IBWDFpJCCjvx8Z/eD0QHijbTu8G4ajNC/AauyG1c"
    "jxtFSO+UcuZu4pOfY8yufEb7wSQTFD9/ejo+fPXx09ff7965cvXr16+fppQtVt3trk7ORR"
    "DlUH0ej0J8nZZZY0zYUvR+60OpUXy2aSx5tRzyFgrmWh0Jjr9VmWjME+lV8kEg7brWsTNM"
    "crNHE9D9EJwihcHB4xxMIP9AmS1WhuyAq5vkr/kl/SGDMi08EeJ0vJEIUv/N1m7lhTnRpY"
    "XzYmqfqrTJMGRncWGy0mx8aaE40WC8f62U5WrD+n9at8K1qQPjHSi6VoyWqUECi1FD1tZx"
    "2KBau6DhVMi6MVJ0zNRGJCUuW0ZLktxuXkgIR2uBxa6ZlqqB4QF+IaXGoECgkQpygz0RXk"
    "0hrvzdxEKD8OmAK7OAUuGdky92UmuSvMbpqe3oCJfRBMrMaaX2IEg4rr1PtKANzJ9ULe0k"
    "FquMN5S5hzbM+kNS4uLv3KWtZpcFa3Nouk0ciAQGKY4WJq4REOpN+Efk7KnZN+7ToCcGq9"
    "flChDl3OiGmsDp0YgG4d2N9dfBqdnaAPlydvTz+eRscBJAaIuikvrSstXp4cn+lE+UeP4s"
    "qHhaWE3z3IJ7KnqjAHrtykAbW98mBAkkDNqbrpJAE4uAIOruhyVkYpSF0O6f0kg4S+QGuj"
    "STCK0x1C+kur6S9cKKFU3ovU1nFCKgyAi3/INF73uXhgazWoucNsLZCJu+CElMB9UgKLuZ"
    "nqBC5QjQZs/xvxKmD6p4Aw6bvOiePisB2APA8H7EWCvUgHM003vhdJuIr9RjQlIWztOkAS"
    "cRl4MMWucai4mnWAP0wxUkNgEltnEq112lFpUvGtSk/qw9aF8Sqq5Ne7vQuJZJ2jKWql6n"
    "WdpzCRuQcmMETaIdJ+kIPYaP2Dwb/kjq7xSu7eCtzplAThZtaA3qlNXdQnKPqK4n1fQq0I"
    "B0Tu5hoThB2HOGi5eIMYIWrz69ydCuFE85t7yUx3ZsjcfBtPyPtZmnqWuupju911LjI7a9"
    "uh+SWu2AJVa2Zp4/MMj4nXtPEJwexORTkhmP0g1AzB7DIgdy2YXeDwQWE8KIzXy2CU7MO6"
    "IbDRIA8GRADj9g6E/gBv/JCqEa4doSHEUNqPoXhSFdsrQqUnxtR3nS0KdaUG56GfCISZRS"
    "fg8lR2eRL8jHk7GypzXLbw8MoCwzHeDpwDxKCxTubYhbyGDBKm0QZzPY14gb2uG3WXhQf6"
    "Vs9Nv7g4y6A+Os3D+un96OTy8TOlgvXmd92EOaUewX5FuDMw7J7dx6Kz6oDPk/NNHjTgax"
    "iMAq4+pBn2HdjmSgrwMEx2AfI5CqYR5OHItu1HtunGGo4Xq5MlUbK+d/QK3w3R3cy1Z+iK"
    "Bpy64jkb+z7liOHVZlKE5rZNMEVpWmEIBXUrcUZmCupGre46/CzTefHZZ79EgbyDpY0gK2"
    "JQnztq6OCzSpU6ZfJXVdVq9ipqVOiMpdCfU70Xmg7xCO8Bnik5WkZ04npEdw3ZlkDNitIy"
    "rlEGz8GDmpKjZUS1Jx61hGiXC2lwyrFn9bmcRlZCk8lfwiCc0Z57rxkZzadqQE2NRmtqMC"
    "Y8bMA7i4VBtgvSuyC964Gnd/2yNo4guavF5K7ISN3OzWU/49imzZJzn8l4RimchQXkXLe3"
    "LDkuk68Eeq53IFYWxZ12UvN6XmB5rqW19HmN1DNQdB7GLmo6ILcuXTKLETH9cFB5XZVvw7"
    "ODuocNqBoUDhtQy4DcNRJ4k4OE9NNBQ7mnUETZAHmj+qOBBTl3aQWkADFJACcGveiTwYF5"
    "ZAsmJrdt3MbFCasC/+WbTuCOgwCvqm66SGTZPWY9l1WvEJexVCsvfXLIpQetGLOj0/Pjy1"
    "+LR238fHreHv16dXKsN/Dp46Aq/gXA7By5SSlFCGbsGcwwcyYsjOks/IVDeZtpV2MsQwwJ"
    "qlo3VtV6LztuS9Z/+GGERQgZwcJgeYKu07bjNQprzyHF5KgUfpsuVrKeofx3OBgeMRSlaK"
    "MbX1Y7VI+FrRTvCGioXwOBxzhWNYTAY6uBx7tQD6WKIkY6G1FnNYAY40OmKzu8AaBOMmVn"
    "clabyJccy88YTII1ECa5HbBo626u/DzDXO52ZMTnaEIDhH2kOI4hor5Nwkueh+IF7Qd0Lb"
    "+ia7ljUvkimxaUnibNGUejaGDWNJCUSA9tI2VaaN3GkiVmDJfsYzK9I557S4IDNpsw52S+"
    "AMOpbtWtHIwdjOeDgdxhA1ljEp6YtkDFdfLvEgC7qF6PYEYgD6umjnModnC2pra9DAKYru"
    "vpOYdipwiNyGSoHJbWeVBcjYoGKSk0shqVihosw8OArLlGTFsiinKy7JygjAIrPvGFaIVY"
    "9U446wy4BfLoAxj4uD34OO2JPkEAB4WQDBKm06r6zX1uoZvMpKWIphwyx9X35mtMNI6BaC"
    "PTOIOD0WRjSK7SP4qT1RUWvry90cAKCIfQNnwILVuOY24fEF9jAUHXepN2w2mEqh0Ywmsg"
    "TI7fONzY6wGcFVJ72sC161zLGL9MabyO+vqbvEYnMtYfrFDETD1Bn13R0ZIjjK7lAix+xm"
    "VqgBP+WB47LX7jchbmCGymE5jr6qv/1b+YoDuZr3CHGcLshjgqPYH6KDSB5Q8DVQ5a/jrq"
    "SPy/PEVb8pTybc1lKiTx7SGkc3YhnVOApxSyPUvhS8ZlTX2EuZIyNLhhC2yTj4RB4ecHHy"
    "fpfljbw4xb2LbFcAVl1wx+FkDZRZVDAQoNyoYCFGVA7nwBCnFf9hTGBHvtNxRIapyyhIMr"
    "GzzxfIEDaaCy0PDs92AulNX4cIaohn5MJZlceY74+ePF+f1zRH46yOEuG9A6R8gGa9DqJS"
    "cJx7U5+gvVKEPB8bQndTtiSXajVgcuYMa1b7CHo/N0wnkXE0/WAvMZGF2FkFQ1vzZ58nte"
    "3wBpnCcVh8Aat8saJyMrskC372373/8DCHysrg=="
)
