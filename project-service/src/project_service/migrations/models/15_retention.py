"""What retention needs: how long versions are kept, and words that are gone."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True

# `tier` is the tenant's when files were last written: unknown until then, and then the longest time counts.
VERSIONS = """
alter table file_trees
    add column first_version int not null default 1,
    add column tier text,
    add column tier_since timestamptz;
"""

# As `search_find`, it works in the name of the tables' owner, because row-level security keeps full text from its
# index. A word that is written again at this very moment may lose its near spellings until it is written once more.
WORDS = """
create function search_forget_words(after_tenant uuid, after_word text, most int)
returns table (tenant_id uuid, word text, deleted bigint)
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    with looked_at as materialized (
        select s.tenant_id, s.word from search_spellings s
        where (s.tenant_id, s.spelling) > (after_tenant, after_word) and s.spelling = s.word
        order by s.tenant_id, s.spelling limit most
    ), gone as (
        select distinct l.tenant_id, l.word from looked_at l where not exists (
            select from search_documents d
            where d.keys @@ quote_literal(search_key_prefix(l.tenant_id) || l.word)::tsquery
        )
    ), deleted as (
        delete from search_spellings s using gone g, search_spelled(g.word) spelled
        where s.tenant_id = g.tenant_id and s.spelling = spelled and s.word = g.word returning s.word
    )
    select l.tenant_id, l.word, (select count(*) from deleted) from looked_at l
    order by l.tenant_id desc, l.word desc limit 1
$$;
do $grants$
begin
    revoke execute on function search_forget_words from public;
    execute format('grant execute on function search_forget_words to %I',
                   regexp_replace(current_user, '_owner$', '') || '_system');
end $grants$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return VERSIONS + WORDS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        drop function search_forget_words;
        alter table file_trees drop column tier_since, drop column tier, drop column first_version;
    """


MODELS_STATE = (
    "eJztXf1z2zbS/lcw+qXpjC6TOEmTa9+5GStxe+45dsZxmuslGRoSIQlnilAJyK7a3v/+Au"
    "CHSYqKKBIgKXp/uF5MUgT3WXzsPrtY/DlYBuy/ZCIeH5OATuaD79GfAzzmIsATIf+YYo+T"
    "IRrg5VL+FT88kFfGeHJzhwPXmd44U0o8l8sHPn1J32FHLHfLxQKnLv05mDBftUV9wXXTC/"
    "y74xF/JtSXPH3y5H/qR2NnwrzVwldfoD4kvOaSKV556iMHjnN+ceW8P7lynOimbsMR6yUJ"
    "36ue+uX48vU/jy8fydd+qx5jUkaPqDvn0a2j8J5uNHm7v/I8fYFPAroUlPmpi2wiP5/6s/"
    "tL9y2rN7+e4+BHdUU1OCM+CbAgbgpY6rvk98wVHy9ISlL1WjzW3xk/sVyLOfOTNuQXqAdX"
    "Pv1tlTwmZdiB7tGLFxvo3pKAKwFrIixfvRVhfa8bCKekNYjyBqjyviC+qArqz+8vztXtBe"
    "e/eWksH709/nce5tdnFyN1acm4mAX6LfoFI5OQqxdWhDyFxW7IXToR6C/kUS4KoP+yz/fn"
    "56jwC5M/F0eL3AML7OOZFiF6RSxBbr5U8G9Mc8uoOa3D/CCcqdf87ejp85fPXz377vkr+b"
    "wGIbnycqMHUbdq5zk9vzKp+VNfFCpeBKus3qMLMWihALs1Tv2sptVr1OeL6GcDnKAePuMI"
    "NiNiTgINvXo00Y8QeDJfyM52RqaC3epHGl3b8Eowx2d36aaiSw5206Nj1wzCqT8hVbvA1e"
    "nbk/dXx2/fZSaRN8dXJ+rOkb66zl199F1uYklegj6eXv0TqT/Rfy7OT/JzTfLc1X9M9rs3"
    "sp8JuiAVZ50EvxJzTtTS4/gfJZfWcFT//ejo2bOXR0+efffqxfOXL1+8epIM781bm+Oc0z"
    "8qq3l0+pMa7BmtGR79IzrbNgGU0cEfJVWQnwTKr7RyacG+cKpPl3pZfRZ2/nS3/vDh9I1J"
    "JNX7KuKYkXE3mKsVdR/rzy+zgg6OfcTGahpEYo4F8hnCyTyKAjKVFhMS7HvEfCL/h6jg6A"
    "6vEfWHiAX66t2ccZL+FeVoJm88HuSAsd2WjTV/c03Ze/03uLjv0VsH/zdd+ROlZaR7hPrP"
    "838MmujAFU2B4o67aRAkKpGeTagTXsY8GHlsfLgGgWCryZy4Dq7sVYBVkAPRtmmwl8Ffxx"
    "BoyORvZcWvhKXAMykfN4fnkzbATElh04SqSVaMIv4hmVF+Ob4cnZ4fX/6asBXJtHJ2cf7T"
    "qICvGP16dXJs1m71cbA2ylhEi1oO9vFaEF4R+BuyFM543WPLNSXhTiS/ZraWQZPP8dGL7y"
    "ovjif/vvo65ZbpxPHjeR7OIOxX5PfKM0cChU2SE1yv2q4XiqYa6d74E4KWJEBhi4/Rv+TQ"
    "iW9zNMe3BF1Hw+n6B8SUhaucIypdKYbGJPSeiHyLq32l8CK/k78ocMOaafez/9m/jlexa+"
    "WpyV9LFS3Gsj02lT+V+HDBQ2dQN8UFC4grHT+EfVf6hwKtSeQZquvy7VR+40f1vHyd+i7V"
    "qGpD/Yp/9idsJT/dRThsLJTqG27LPdQ+xRAcwlYdwrFUwjYP8FNqMrwfzF8yjuFrtlDe5O"
    "BgfcNJQBT04BvW8Q2zIJrzDc2pmbgUtFxTyxkMd9qkzet4tXRhKNdVchbETtE8qv8dOC+R"
    "iNAyy1Mzc2UTzKctgLlXQkp1jkfORnMW9NtXy8hYz1crA+mYuZWpm16xDTEQNrkGaZ5Tse"
    "53/83IaL//Rs3p10E33sDDZm+mXGLtEfVlFZEfXVycZZAfneah/fB2dHL56KlWg3xImr3F"
    "q14sXUWinTGPYL8i5lkgdkM+lq1VxFx5+FI0aRWuOFGrRGUrTI25T19M9trjIMBVgxXFcu"
    "2GckuKZRkolzggfSd+MzJaj11E3FLPIc0IaR1TCE/UDE80mlsdc7BD4NJb5dInoR5KJVRF"
    "Ojtx6QFz5wFZengCjFs9xi2HojXKDbzwNr3waHLo95qaFdK+Hw52St00Cp0OgFGkOMQxdd"
    "GYTFlAEGcLokYGCuM+KntgkJO1ws/t2T96LQUbqBM2kJMEOkoaQu8FPuAdZ5BEYMAOspVE"
    "ACszrMxdX5nLQBpxlD0GNCVhHwgZvaaBQdINg4RLZWxPdMxOj3E/zKY6/kj1G8FEAROlu3"
    "mOkANnQM0dzoGDrY6QBNdGEpyH/dlKWj3AF+fA2BmLrU4ZL7GYA94pIGzy86oN54ZAQCQP"
    "hlXQH3TuhiWeADbzwmbeLnNdLZMz2o0fAivTKiszlUooFR5S2no9l/ZW49QLOGtbnbViQ/"
    "ewfLWW0GzIXVPjq98LUkpC+yYVeL/Dxr1fVrlyea/QZqbLmgPN0CrNAB6v+ekZPN6ve7ym"
    "p2ZweA2lXUbWIHKprs+kivSqSWhrnuXXnrfkKkfO17Bi4f6aJb6rd7F2C3w3VuFfm8ETra"
    "Pt2Q3xwpadl2NXZDPL4SogjbvbBqv9UhI4cAZAzWq/GRB3riUNRsDDHq9K1ZkjA9ooBZOV"
    "o+VQ+JQGXDi9CIhviNK3LIM2OqtVOGvaCIIJ7Dn2DwOpjnutk0Cy4tkkDcGsN58GT8NDLx"
    "68XxoDUdErLXChLvyw+G5kicaFcFXdXRfp+JKSQtXL5apgri6fS+4ID8vjqj/1ShH7VMPw"
    "shpsfNP/st2YJedNG/LD2rHORkmr7sQ8zdBYxS6bkJopFQD9iU4PuEIAZJ0P6vti3c86Xx"
    "CBdS9yZVcGXdfQdQGSxpxv2GXQKVV3eJdB0guxEGSxPPSqu4Xi9I0W6M/mAzO0wDKg1Rng"
    "rh8PmghnLitrq+3W61OWskLaJwQmq0Cd+ALbDPJgWAxX04X0lJ1V4AHoeTQsop4sulxgsa"
    "psQfQK+wJMLGpAtwqw3wNhE2sWnWUIYMdI2ExAwtUPKFXodacEdSzJbsujRtFpgW+I7ygG"
    "sIYxV1i6O0XWjlfUE9Tnj9WH1uBr66GZE9QurBAvM17jCIw0ksLBXLTsOjM0rhEOCFqQMG"
    "B1N2fojvI5cdGUBeoASTmcMVIjIwx03RCy5IgT6SwJjqYBW6iQ1iKMYrkM+QwtWEA2w2aN"
    "tWohfqYDL0PYJ9jqPsGZVELpMNmxROCWivXgYMNlbKJdYiDWaxHrORStMesb6pPdrfcHha"
    "VE3Lk6GTpmqdeANnxy1Zy6rlyR1Wpq1BFozYHKCWTV4Ge+t3aksdLj7pgW0fr4BgfKPKTq"
    "PVVNhz55UDEQuyEv60N95aPteB+JPTsEL6R1L8TBKW2U8UbO1DpzsJ4IJO4N6jsi3U/cC8"
    "gtwR5oud75TSkMO5isF30fpGaa0TMkZvZd0R1OzISsQchfazV/DXJKtueU7OVfluKbJhOs"
    "Rkq/GZKclNZZp6WcfvqOaUZG4PGAxzvYebYuj1cG7FvK6Zh6Ebnz4CHPwmGOQB1cZ1yoa0"
    "RVFgjxVSrIQiWAyL91KghXxa3GRP7Xc3/Q4iHmT4hK/1ijO1KYaWL01ZYI3bMo9ARkbttk"
    "rgoCls4ruYgMlAGwuQ+ZFug+mwvsjwE1A/tTBuSusT9m9oyOV65cB6ri2/VNo/fS7fQIgX"
    "UrtRTArtEW3JMtu0aNe4VqPq8KuFobTa9pFeGKxdhzJasI2o38EOilKSBs9lAg4xsk4xNK"
    "tfLOw24lzmblsZo3G5BozobeugmHzT4LxLyFip4L8gfzoSfnwTDJE68JDhwXrzWPm3zS92"
    "jBfDEP9//hNcJcn4AQ1t0covEa3c3pZC7/iwXSg4wj9SZvHdK/K98tII7ttmWJSU4oySGw"
    "ye2zyXEEuzSj/E6vvQPgkx8y0Qh88oNQM/DJZUDuGp+8SQ3TQMylJdADRigtyn45zMAJd4"
    "cT9qh/02/PLiWh9RQ2oNIapNKgWFqTxdIC4mElEZ9TOFK3CBCL2Ktjeyr39J/fX5x/HfQ8"
    "vrm5XL3AKOjqhRVBT5AoYQHTiUB/IajM9lVAm67MxknPS9ukJKxlbmwSml/5eDv0YMQvDY"
    "EcbJ8cDONspahBlR98KshiAMTgQ2aMuk8MLtgtKLmektMQdlHFy9XYoxMHKGADui7EsotK"
    "B20b0HaHCf+oI/aC99+UxXw6+V7g/rbCupajOVhr9eLqyKYFaRnTXvTUhiJUcqrve4wlLa"
    "J9ygNzTme+bFCwPmOaldJ6pEU7xb0mklISWkdTkaT9RjMlof0hD2FAODKpn1FAPscBhKJI"
    "FoomYlFw/N098EWn3sGmh3aDfwX591dzgkL3GkW+i86DV9wE8gi+JYitRJj6Tjm6IUuRHM"
    "+js+R10RX1hz7MJyy9spl5b60VC0G1JDIzhJBaqyG10BqUmigVUHsXRcognvaQCdnux9Nc"
    "4hFQc001Z0HcL7EZoiuHouUOR1eArN6DWw0mc3pLKttCo4uLs8wgGJ3mHZ8Pb0cnl4+e6t"
    "4vH5JGQzHKsWwVK/IwJo1Vvyr5moJhN9xj2VZFvNPCVZ18+uSK5vCwSXMBpdhgxew7v+9p"
    "qmkR7RPiQKYYhxSqDWcNDkvVhhtNun53TyEAPdQiPRTpYx9yCE6NBseyAEVrnuWmKwSnRp"
    "stljnHvpys48FWY43tTrG2TZl2988aMUs4eNt4r4ya068Ds28DD5tOYbR097s7Z4UEx/AA"
    "HUOYG6yd3T24pq4u8KfyBcitnHy+4QW1ALc8ZM9hhCO+u+U47nXKd6TDH/EtC8LowoE6kJ"
    "BlMKjvP9rKMgDrBqybPlg3D7WAiJGUzDbI7GRdA9ukG7bJNFLINnb7U26ajPvjlyKr5S1R"
    "lazBZgGbpdOZkZAzZ0DNkDNXBuTO58yBpW/BLA2YB6RbGgibTDy4VeBW7b969cutigzvIT"
    "hVnXCqFlodRlyqKzwbgD/1kA3ttjhg+S8WgBWTRgIy+vuR0Q9OD4Q32rbDu2E4KvMCrMZu"
    "WI0Cz0rlmL8XcuaekWPPY2JB/MYrERQzdH8/Onr27OXRk2ffvXrx/OXLF6+eJFTd5q1Nzk"
    "4d5VC1E41Of1KcXWZJM1z4ckRn1am8WDabPN6ceS4Bcy0LhcFcr4+qZAz2mRqRSDpst3RC"
    "0AKv0ZR6HmJThFG4OHzDEQ8H6GOkqtHckDWivk7/UiNpjDlR6WCPkqVkiMIP/nYzd6ypRi"
    "2sLxuTVP1VpkkDozuLjRGTY2PNiXqLg2P9bCcr7ofT/ad8KVqQPnDSi6VoxWuUECi1FD1p"
    "Zx2KBau6DhVMi6O1IFzPRHJC0uW0VLktLtTkgKR2hOpa6ZlqqB+QF+IaXLoHSgmQYCgz0R"
    "Xk0lpvzd5EqAYHTIFdnAJXnGyZ+zKT3BXmN01Pb8DEPggm1mDNL9mDQcV16n0lAO7keiFv"
    "6SA13OG8JSwEnsyVNS4vrvzKWjZpcFa3NoukMciAQGKY5WJq4REOpN+Efk7KnZN+7ToCcG"
    "q9eVChDl3OiGmsDp3sgLQO7G8uPozOTtC7y5PXp+9Po+MAEgNE31SX7istXp4cn5lE+UeP"
    "4cqHhaWE393Jp6qlqjAHVG3SgNpeeTAgSaDmVN10kgAcXAEHV3Q5K6MUpFRAej/JIGEu0N"
    "poEozmdIeQ/tJq+ouQSiiV96K0dZyQCgPg4h8yjdd9Lh7YWgNq7jBbC2TiLjghJXCflMBi"
    "bqY6gQtUowXb/0Z+Cpj+KSBs+q4L4lIcvgcgz8MBe5FgL9LBTNON70WSrmK/EU1JCFu7Dp"
    "BEXAUeTLH3OFRczTrAH6YYqSEwia0zic592lFpUvG1Tk/qw9aF8Tqq5Ne7vQuJZJ2jKWql"
    "6nWdp7CRuQcmMETaIdJ+kJ3Yav2Dwb/Ujq7xWu3eCuhsRoJwM2vA7vSmLuYTFI2ieN+XVC"
    "vCAVG7ucYEYdclLlotv0ecEL35dUFnUjj5+s29ZLYbs2Ruvo4n5P0sTTNLXfW+3e46F5md"
    "te3Q/BJXbIHqNbO08XmGx8Rr2viEYHanopwQzH4QaoZgdhmQuxbMLnD4oDAeFMbrZTBKte"
    "HcENhokAcDIoDx+w6E/gBv/JCqEd47QkOIobQfQ/GUKrZXhEpPjKlxnS0KdaU756GfCIS5"
    "w6bg8lR2eRL8rHk7GypzKV96eO2A4RhvB84BYtFYJwtMIa8hg4RttMFcTyNeYK+bRp3y8E"
    "Df6rnpFxdnGdRHp3lYP7wdnVw+eqpVcL/53TRhzphHsF8R7gwMu2f3sWysOuCL5HyTBw34"
    "PQxWAdcDaY59F7a5kgI8LJNdgHyOgmkEeTiybfuRbaaxhuPF6mRJlKzvHX3Ct0N0N6eTOb"
    "pigWBUPjfBvs8E4ni9mRRh+N02mKI0rTCEgrqVOCM7BXWjt+46/CzTePHZZ79EgbyDpY0g"
    "K2JQnztq6OCzSpU6VfJXVdUa9ipqVOiMpTCfU70Xmi7xiOgBnik5WkZ0Sj1iuoZsS6BmRW"
    "kZ1yiD5+BBTcnRMqLGE49aQrTLhTQEE9hz+lxOIyuhzeQvaRDOWc+914yM9lM1oKZGozU1"
    "OJceNuCdxcIi2wXpXZDe9cDTu365N44guavF5K7ISN3OzWWHcWzTZsm5j2Q8ZwzOwgJyrt"
    "tbllzK1SeBnusdiJVFcaed1Lyel1ida+msfFEj9QwUnYexi5oOyC1lK+5wIqcfASqvq/Jt"
    "eHZQ97AB1YDCYQNqGZC7RgJvcpCQfjpoKPcUiihbIG90eyxwIOcurYAUIDYJ4MSgl21yOD"
    "CPbMHE5raN27g4YVXgP30xCdxxEOB11U0XiSy7+6xHefUKcRlLtfLSp7pcutPKPjs6PT++"
    "/LW418bPp+ft0a9XJ8dmA58+DqriXwDMzp6blFKEYMaewQw7Z8JCn87CX9iVt5l2NfoyxJ"
    "CgqnVjVa33suO2ZP2HAyMsQsgJlgbLY3Sdth2vUVh7DmkmR6fwT9hyreoZqn+HneEbjqIU"
    "bXTjq2qH+rHwLcU7Ahpq10LgMY5VDSHw2Grg8S7UQ6miiJHORsxdDyDG+JDpyg5vAKiTTN"
    "mZnNUm8iXHahiDSXAPhE1uByzaupsrP86xULsdOfEFmrIAYR9pjmOImD8h4SXPQ/GC9gO6"
    "VqPoWu2Y1L7IpgVl5pX2jKNR1DFrGkhapIe2kTIttGljyZEzBiX7mExviEdvSXDAZhMWgi"
    "yWYDjVrbqVg7GD8XwwkDtsIBtMwpPTFqi4Tv5dAmAX1esRzAnkYdXUcQ7FDs7WbDJZBQFM"
    "1/X0nEOxU4RGZDJUDkubPCiuRkWDlBQGWY1KRQ1W4WFAzsIgpi0RRTlZdk5QVoGVQ3wp30"
    "KceiecdQbcAnnMAQx83B58nPFEnyCAg0JIBgnbaVX95j630E120lLkq1yywNX35htMNI6B"
    "aCPTOIOD1WRjSK4y34uT1RUWvry90cAKCIfQNnwILV+NY24fEL/HAoKu9SbthtMI9XugC9"
    "8DYbP/xuHGXnfgrJDG0wauqXutYvwqpfE6autv6hqbqlh/sEYRM/UYfaSyoZVAGF2rBVj+"
    "TKjUADf8sTp2Wv6GCh7mCGymE9hr6rP/2b+YojuVr3CHOcL8hrg6PYH5KDSB1Q8DXQ5a/T"
    "pqSP6/OkVb8ZTqa+1lKiTx7SGkc3YhnVOCpxWyPUvhU8ZlTQ3CXEkZFtzwJZ6Q94RD4ecH"
    "Hyfpfljbw1w4eDKR3RWUXTP4WQBlF1UOBSgMKBsKUJQBufMFKOR91VIYE+y131AgqXXKEg"
    "6ubPDE8yUOlIHKQ8Oz3525UFbr3RmiGuYxVWRy5Tni5/cX51+fI/LTQQ539QKjc4R6YQ1a"
    "veQk4dKJQH+hGmUoBJ71pG5HLMlu1OrABcy48Q32cHSeSTjvYuLJWWIxB6OrEJKq5tcmT/"
    "6Vz7dAGudJxSGwxu2yxknPiizQ7Xvb/vf/cpczoA=="
)
