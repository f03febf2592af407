"""What is stored and not yet referred to is counted, and files are found by key at a price that no statistics change."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True

# Requests that have stored a content and do not refer to it yet.
STAGINGS = "alter table blobs add column stagings int not null default 0;"

# Each key is one probe of the unique index (project_id, path_key). Of a project just filled the statistics know nothing:
# a plan that takes it for empty reads all of it for each key. Comparing rows, in the order of that index, where nothing
# may be sorted, leaves no other plan. Both run as their caller: row-level security holds.
PROBES = """
create function files_by_key(project uuid, keys text[]) returns setof files language sql stable
set enable_sort = off set enable_incremental_sort = off set enable_seqscan = off set enable_bitmapscan = off
as $$
    select found.* from unnest(keys) as wanted (key) cross join lateral (
        select f.* from files f
        where (f.project_id, f.path_key) >= (project, wanted.key) and (f.project_id, f.path_key) <= (project, wanted.key)
        order by f.project_id, f.path_key limit 1
    ) found
$$;

create function files_below(tenant uuid, project uuid, keys text[], counts int[])
returns table (folder text, path_key text) language sql stable
set enable_sort = off set enable_incremental_sort = off set enable_seqscan = off set enable_bitmapscan = off
as $$
    select wanted.key, found.path_key from unnest(keys, counts) as wanted (key, most) cross join lateral (
        select f.path_key from files f
        where f.tenant_id = tenant and (f.project_id, f.path_key) > (project, wanted.key || '/')
          and (f.project_id, f.path_key) < (project, wanted.key || '0')
        order by f.project_id, f.path_key limit wanted.most
    ) found
$$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return STAGINGS + PROBES


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
    drop function files_below(uuid, uuid, text[], int[]);
    drop function files_by_key(uuid, text[]);
    alter table blobs drop column stagings;
    """


MODELS_STATE = (
    "eJztXW1z47YR/isYfcl1RvX4fK+9djpj3TmpE599Y+uSppcbGiIhiTVFKARkR0n63wvwzS"
    "RFWTQIkBS9H5qeSQrgPgsCu88uFn8MlgH9L7H5wTEJXHs+eIf+GOAJ4wG2ufhjij1GhmiA"
    "l0vxV/LwQFyZYPvmDgeONb2xpi7xHCYe+PI1e4ce0cItB3OcufTHwKa+7Mv1OQu7XuDfLI"
    "/4My7f5Pnh4f/kjyaWTb3VwpdvIF8kuuaQKV558iUHlnV+MbauTsaWFd8M+7D4ekmiduVT"
    "Px5fvv/X8eUz0exf5GNUyOgReec8vnUU3Qs7TVv3V54XXmB24C65S/3MRWqL13f92f2l+5"
    "5ly+/nOPhWXpEdzohPAsyJkwHW9R3yW+6KjxckI6lsFk/C90yeWK75nPppH+IN5IMr3/11"
    "lT4mZNiB7tGrVxvo3pKASQFrIiya3opweK8bCGek1YjyBqjiPic+VwX1+6uLc3l7wdivXh"
    "bLZx+P/12E+f3ZxUheWlLGZ0HYStjASCfkskFFyDNY7IbccW2O/kSey3gJ9F8f8/7FOSp6"
    "w/TPxdGi8MAC+3gWihA3kUhQmC8l/BvT3DLuLtRh8SOcyWb+evT85ZuXb1+8fvlWPB+CkF"
    "55szGCXEd18Jyej3Vq/tTnpYrnwSqv9/hCAlokwG6Nu35e07IZ+fo8/tkAp6hHz1iczgif"
    "kyCEXj6a6odzbM8XYrCdkSmnt+Ejja5teMWp5dO7bFfxJQs72a9j1wzCXN8mqkNgfPrx5G"
    "p8/PFTbhL5cDw+kXeOwqvrwtVnrwsTS9oI+ul0/C8k/0T/uTg/Kc416XPj/+gcdx/EOOPu"
    "gijOOil+FeacuKeD5B8Vl9boq/7b0dGLF2+ODl+8fvvq5Zs3r94epp/35q3N75y5vyureX"
    "T6nfzYc1rT/PWP3Nm2CaCKDn6vqILiJFB9pRVLC/a5pT5dhsvqi2jwZ4f158+nH3QiKdtT"
    "xDEn424wVyvXOQhfv8oKOjj2EZ3IaRDxOebIpwin8ygKyFRYTIjTd4j6RPwPuZyhO7xGrj"
    "9ENAiv3s0pI9lfuQzNxI2DQQEY032ZWPM315RHr/8aF/dHjNbBP6Yr35ZaRuGIkP95+c9B"
    "EwNY0RQoH7ibBkGqEuHZRDphVcyDkUcn+2sQcLqy58SxsLJXAVZBAUTTpsGjDP46hkBDJn"
    "8rK74SlhzPhHxMH56HbYCZkcKkCVWTrBjF/EM6o/x4fDk6PT++/DllK9Jp5ezi/LtRCV8x"
    "+nl8cqzXbvVxsNbKWMSLWgH2yZoTpgj8DVlya7LuseWakXAnkg+ZrVXQZHN89Oq18uJ48u"
    "/xw5RbbhAnjxd5OI2wj8lvyjNHCoVJkhNcr9quF4qnGuHe+DZBSxKgqMcD9IP4dJLbDM3x"
    "LUHX8ed0/XdEpYUrnSNXuFIUTUjkPRHRihP6StFFdid+UeKGNdPvL/4v/nWyil1LT038Wq"
    "hoMRH90an4qcCHcRY5g2FXjNOAOMLxQ9h3hH/I0ZrEnqG8Llp3xTv+JJ8Xzcn3kp3KPuSv"
    "2C++TVfi1R2Eo84iqb5hptzD0KcYgkPYqkM4EUrY5gF+yUyG9x/z15xj+J4upDc52Fvf0A"
    "6IhB58wzq+YR5Efb6hPjUTxwUt19RyDsOdNmnzOl4tHfiU6yo5D2KnaB45/vacl0hFaJnl"
    "qZm5sgnm8xbAfFRCijrHI2ajOQ367avlZKznq1WBdEIdZeqmV2xDAoRJrkGY5y5f93v85m"
    "Q0P37j7sLmYBhv4GFyNLtMYO0R+WaKyI8uLs5yyI9Oi9B+/jg6uXz2PFSDeEiYveWrXiKd"
    "ItFOqUewr4h5HojdkE9Eb4qYSw9fiCaswhUjcpVQtsLkN/flq85RexwEWDVYUS7Xbii3pF"
    "hWgXKJA9J34jcno/HYRcwt9RzSnJDGMYXwRM3wRKO51QkHOwQuvVUu3Y70UCmhKtbZiePu"
    "MXcekKWHbWDc6jFuBRSNUW7ghbfphceTQ7/X1LyQ5v1wsFPqplGE6QAYxYpDDLsOmpApDQ"
    "hidEHkl4GiuI/MHhgUZFX4uTn7J1xLwQbqhA1kpYGOiobQFcd7vOMMkgg02EGmkghgZYaV"
    "uesrcxVIY46yx4BmJOwDIROuaWCQdMMgYUIZ2xMd89NjMg7zqY7fumGLYKKAidLdPEfIgd"
    "Og5g7nwMFWR0iCayMJzsP+bCWsHuCLC2DsjMWqU8ZLzOeAdwYIk/y87MO6IRAQKYJhFPQn"
    "nbthiCeAzbywmbfLXFfL5Ezoxg+BlWmVlZkKJVQKD0ltvZ8Le6tx6gWcta3OWrmhu1++Wk"
    "toNuSuye+r3wtSRkLzJhV4v8PGvV+qXLm8V2hT3WXNgWZolWYAj1f/9Awe78Mer+6pGRxe"
    "TWmXsTWIHDeszySL9MpJaGue5UPPG3KVY+drqFi4v2aJb/Uh1m6B78Yq/IdmsB3qaHt2Q7"
    "Kw5eflxBXZzHIYB2Qf3e0IC1nETJ+b2EaRkLwcfQuStoGoGa9bzxTHKceeZf4sA3Xcax1k"
    "kBfPJOcBVkldq+TCj+pZxpN7UltSlrJ0UEjZvovKUJI7wnhijXzDUFSXchgWngwVzjZNGN"
    "2NG7J3wrXv0dZOu35ed8IEejy/ciuHC81Uihl85073eFMtJGqG79X3RM0F4TgcRY4YyqDr"
    "GrouQXIn9wGJuXup6g4n5qajEHNOFst9L1RZKk7fXNH+5OvqcUWXgat+cGLXT9RLhdOXyL"
    "DVduv1wSR5Ic1Hd+xVIA9JgMzcIhgGIzzuQnjK1irwAPQiGgZRTxddxjFfKVsQvcK+BBOD"
    "Ggh7BdjvgTCJNY2P/wKwEyRMxuyx+pl+Er3uVG1NJNltedSo08rxDfEtyQDWMOZKq91myN"
    "rJyvW467MD+aI1+Np6aBYENQsrxGi0lwUBI41kcFCcQkuiYde5T+Ma4YCgBZGxKCaP0kZ3"
    "LpsTB01pIM9cE58zRvLLiAJbN4QsGWJEOEucoWlAFzK4tYiiWA6Vx3cvaFByzHdjvRqIn4"
    "WBlyFsrWl1a81MKKFymOxYIHDr8vVgb8Nl1A5dYiDWaxHrBRSNMesb6hPDrfdn62RE3Lk6"
    "aTqZpNeANnzYy9x1HLEiy9VUqyPQmgNVEMiowU99b20JY6XHwzErovHvGxwo/ZDKdlRNhz"
    "55UAkQqvufNn2oB17ajPeR2rND8EJa90IsnNFGFW/kTK4ze+uJQOLeoL4j0v3EvYDcEuyB"
    "lusdeZLBsIPJevH7QWqmHj1DYmbfFd3hxEzIGoT8tVbz1yCnZHtOyaP8y0p8k21j+aX0my"
    "EpSGmcdVqK6afvmOZkBB4PeLy9nWfr8nhVwL51mTtxvZjcefKQ5+HQR6AOrnMu1DVyZRYI"
    "8WUqyEImgIi/w1QQJuvBTIj4r+f8PRQPUd8mMv1jje5IaaaJ1qYNEbpncegJyNy2yVwZBK"
    "ycV3IRGygDYHOfMi3QfTYX2B8Nagb2pwrIXWN/9OwZnawcsQ6o4tv1TaP30u30CIF1q7QU"
    "wK7RFtyTLbtGtXuFcj5XBVyujbrXNEW4EjEeuZIpgnYjXgRGaQYIkyMUyPgGyfiUUlXeed"
    "itxNm8PEbzZgMSz9kwWjfhMDlmgZjXT8yLBfJ36sNILoKhkydeExxYDl6HPG76Su/Qgvp8"
    "Hu3/w2uEWVg0PCmpOVmju7lrz8V/MUfhR8aQbMlbR/TvyndKiGOzfRliklNKcghscvtsch"
    "LBrswofwrX3gHwyU+ZaAQ++UmoGfjkKiB3jU/epIbdgM+FJdADRigryuNymIET7g4n7Ln+"
    "Tb89u4yExlPYgEprkEqDYmlNFksLiIelRGzuwimUZYAYxF4eFaM80r+/ujh/GPQivoW5XD"
    "agFXTZoCLoKRIVLGDX5uhPBJXZHgS06cpsjPS8tE1Gwlrmxiah+cDLm6EHY35pCORg++Rg"
    "FGerRA3K/OBTThYDIAafMmPUfWJwQW9ByfWUnIWwiyperiaea1tAAWvQdSmWXVQ6aFuDtj"
    "tM+McDsRe8/6Ys+tPJHwXurysc1nLUB2utUayObFaQljHtxUhtKEIlpvq+x1iyIpqnPDBj"
    "7swXHXLaZ0zzUhqPtIROca+JpIyExtGUJGm/0cxIaP6ThzAgHJnUzyggm+MAQlEkD0UTsS"
    "g4/u4e+LJT72DTQ7vBv5L8+/GcoMi9RrHvEubBS24CeQTfEkRXPEp9dxm6IUueHs8TZsmH"
    "RVfkH+FhPlHplc3Me2O9GAiqpZGZIYTUWg2pRdag0ESlgNqnOFIG8bSnTMh2P57mEI+Amm"
    "uqOQ/i4xKbIbqyL1rucHQFyOpHcKuBPXdvibItNLq4OMt9BKPTouPz+ePo5PLZ83D0i4eE"
    "0VCOciKbYkUeSoWx6quSrxkYdsM9EX0p4p0VTnXy6ZMrWsDDJM0FlGKDFbPv/L6nqWZFNE"
    "+IA5miHVKoNpw3OAxVG2406frTPYUA9FCL9FCsj8eQQ3BqNDiWJSga8yw3XSE4NVpvscw5"
    "9sVknXxsNdbY7hRr25Rp9/isEbOEg7e1j8q4u7A5MPs28DDpFMZLd7+Hc15IcAz30DGEuc"
    "HY2d2Da9cJC/zJfAFyKyafb1hJLcAtD5lzGOGI7245jo865TvW4bf4lgZRdGFPHUjIMhjU"
    "9x9NZRmAdQPWTR+sm6daQERLSmYbZHa6roFt0g3bZBorZBu7/aUwTSbj8WuZ1fKRyErWYL"
    "OAzdLpzEjImdOgZsiZqwJy53PmwNI3YJYG1APSLQuESSYe3Cpwqx6/evXLrYoN7yE4VZ1w"
    "qhahOrS4VGM8G4A/9ZQN7bY4YPEvGoAVk0UCMvr7kdEPTg+EN9q2w7thOErzAqzGbliNHM"
    "8q5ZhfcTFzz8hn1nh2QDk397ejoxcv3hwdvnj99tXLN29evT1MSbrNW5tsnTB/1Xdsnn4n"
    "2brcYrZJ3x0qj5GRO1Nn8BLBVOm7koyj0ZoThugUYc+LqpfI6iaMy28dCe2I+YlH91E0VW"
    "3mI6k1YWAGygzj+jNQk4tPdyYiLcvRxnzEIsVYK0aqTEdjzG6anojARX0SLqrGYihiBIOK"
    "6xRCSQHc6QRDQHcvNdzhgC7mHNvzhbBMxMWVr6xlnaahul1YJo3GEC9EzA1XmYlqW5N+Mx"
    "0FKXdO+rU3WMJxvvpBhQI9BSOmsQI9YgC6dWD/cPF5dHaCPl2evD+9Oo3rJKcGSHhTXrov"
    "QXV5cnymE+VvPYqVT1HJCL97kE9lT8pEviuzV6HoSREMiJ7UnKqbjp5ARW+o6N3lcFUlSF"
    "0OeY8kh4TqCG45OhhyukOIC7YaF+RCCZUCglJbxympMAAu/inTeN3n4oGt1aDmDrO1QCbu"
    "grNmxgRzf1c2s6plTNQa2bWSJhLZdnIz6gQuUI0GbP8b8Spg+meAMOm7Lojj4qgdgLwIBy"
    "RpQ5L23kzTjSdpC1ex34hmJISc9z0kEVeBB1PsPQ6Kq1kH+MMMIzUEJrF1JtG6TzuqTCq+"
    "D9OT+rDJoFbaWNd9ZhNZZGCOQdQXor57OYjNnuP8g9wyNFnL7UGBO5uR4ADJQ5cDehfuGp"
    "KHKMdfUbKxSKgV4YAgTtGEIOw4xEGr5TvECAmrIi/cmRBONL+5Wcl0Z4ZMn/fJhPw4q0fP"
    "Uqc+tttd52ITqLZNVFziyq2hcM2sbAid4QnxmjaEILDaqYgbBFafhJohsFoF5K4FVkscPq"
    "heA9VrehkYkX1YNwSS3otgQDQqaW9P6A/wxvepZNC9IzQEPr99Pt+TqtheYzI7MWa+63yR"
    "yXE4OPe9bD9mFp2Cy6Ps8qT4GfN2NlTmuGzp4bUFhmOyNbUAiEFjnSywCzH2HBKm0QZzPY"
    "t4ib2uG3WXRafuqedJX1yc5VAfnRZh/fxxdHL57HmogvuN2LoJc0o9gn1FuHMw7J7dJ6Iz"
    "dcAXaRHyJw34PQxGAQ8/pDn2HdhySUrwMEx2AfIFCqYR5OFcle3nqujGGs4AqZMlIbMUhJ"
    "WDXD/MOpDO7wQzIg+CfpYyQkMUv8Jfhuhu7tpzNKYBp654zsa+TzlieL2ZFKG5bRNMUZZW"
    "GEJxVyXOyExx17jVXSeU5DovP6DkxziQt7e0EWRFDOpzRw2dTqJUNVImf6mqVrNXUaNaZC"
    "KFxmi5CpoO8QjvAZ4ZOVpGdOp6RHc905ZAzYvSMq5xBs/eg5qRo2VEtScetYRol4s6cMqx"
    "Z/W5tENeQpPJX8IgnNOee685Gc2nakB9h0brOzAmPGzAO4+FQbYL0rsgveuJp3f9eG8cQX"
    "JXi8ldsZFa9fTgxKbNk3M/kcmcUjiXCci5bm9ZclwmXwn0XO9wpjyKO+2k5vW8xPI0RGvl"
    "8xqpZ6DoIoxd1HRAbl26YhYjYvrhoPK6Kt+GZwd1DxtQNSgcNqBWAblrJPAmBwnpp4OGck"
    "+hoK8B8ibsjwYW5NxlFZABxCQBnBr0ok8Gh7eRLZiY3LZxmxTKUwX+y1edwB0HAV6rbrpI"
    "Zdk9Zj2XqVeIy1mqykufHHLZQSvG7Oj0/Pjy5/JRmzyfnbdHP49PjvUGPn0cqOJfAszOkT"
    "tZc8KUFfGUgxlmzieFMZ2Hv3QobzPtaoxliCFBheXGKiw/yo7bkvUffRhREUJGsDBYDtB1"
    "1na8RlHtORQyOWEKv02Xa1nPUP47GgzfMBSnaKMbX1Y7DB+LWinfEdBQvwYCj0msagiBx1"
    "YDj3eRHioVRYx19oF4wsEP1oO9jTNizsliCaRl3RISBRg7SE5DRFmDnvcgoiymLVBxnWBy"
    "CmAX1esRzAgEFWvquIBiB2draturIIDpup6eCyh2KpgYmwzKHOtmpOtQGeYa2/MyUrS8S8"
    "dZRZXtrYVGTFvaqVOQZecEZRRY8YkvRSvEqndcR2fALZFHH8Ab6E2oA7WvskCYDBySIICy"
    "1ySHhOkgYb+56ayIxoMsoimHLLD6TjONaTMJEG3kzeRwMJo6A6FC/aM4XV5h5SsaHCVLoO"
    "45GY5Ua/hINbaaJOQ+IH6PhUnIISiuf6+qbAeG8D0QJsdvHGns9wDOC1lvBJfkGly7zrUs"
    "+ScD9NdxX3+V1+gUERmTRTE1dYAupuhujjm6wwxhdkMcNKUBoj6KjEzZRBCWD5TnKca/Ev"
    "8vT12UVOCgAFTDXZvLOEij10PIPOhC5oEAL1SIS7Zvfs76o5kvrLD7mQY3bIltckUY1Ch8"
    "8lGQ7getPcy4hW1bDFdQds3QZgmUXVQ57JXUoGzYK1kF5M7vlRT3ZU9RxK/XTkGJpMb5SD"
    "hjqcHDOZc4kAYqiwzPfg/mUlmND2cIWejHVDLFynPE91cX5w/PEcXpoIC7bEDrHCEbrMGZ"
    "V5wkHNfm6E9UY8ckx7OebDFNJNmNWh24gPbWvhcMTnnRCeddQjxZS8znYHSVQqJqfm2S4A"
    "+8vgHSuEgqDoE1bpc1TkdWbIFu37n2v/8DmBX9CQ=="
)
