"""Deliveries that wait are jobs; their table is a log. Not in one transaction; may be repeated."""

from tortoise import BaseDBAsyncClient

from shared.db.catch_up import rows_of_all_tenants

RUN_IN_TRANSACTION = False

NOTHING_MORE = "select 1;"

IS_QUEUE = """
select from information_schema.columns where table_name = 'webhook_deliveries' and column_name = 'due_at'
"""

# In the order in which they were told to receivers until now. What somebody had in hand is sent again.
MOVE = """
insert into jobs (id, kind, tenant_id, payload, order_key, concurrency_key, unique_key, priority, status, due_at,
                  created_at)
select gen_random_uuid(), 'webhook.delivery', d.tenant_id, json_build_object('delivery_id', d.id),
       case when not d.on_demand then d.webhook_id::text || '/' || d.subject end, d.webhook_id::text, d.id::text,
       case when d.on_demand then 1 else 0 end, case when d.due_at > now() then 'scheduled' else 'queued' end, d.due_at,
       d.created_at
from webhook_deliveries d where d.status = 'pending' order by d.occurred_at, d.id;
"""

# With the columns go the indexes over them, and those that found the next of a line.
DROP_QUEUE = """
alter table webhook_deliveries drop column due_at, drop column lease_until;
drop index if exists webhook_deliveries_in_line;
"""

QUEUE = """
alter table webhook_deliveries add column due_at timestamptz not null default now(), add column lease_until timestamptz;
alter table webhook_deliveries alter column due_at drop default;
create index webhook_deliveries_due on webhook_deliveries (webhook_id, due_at) where status = 'pending';
create index webhook_deliveries_in_line on webhook_deliveries (webhook_id, subject, occurred_at, id)
    where status = 'pending' and not on_demand;
create index webhook_deliveries_leased on webhook_deliveries (webhook_id) where lease_until is not null;
"""

MOVE_BACK = """
update webhook_deliveries d set due_at = j.due_at
from jobs j where j.kind = 'webhook.delivery' and j.unique_key = d.id::text and j.status = 'scheduled';
delete from jobs where kind = 'webhook.delivery';
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    async with rows_of_all_tenants(db, "webhook_deliveries", "jobs"):
        if await _is_queue(db):
            await db.execute_script(f"begin; {MOVE} {DROP_QUEUE} commit;")
    return NOTHING_MORE


async def downgrade(db: BaseDBAsyncClient) -> str:
    async with rows_of_all_tenants(db, "webhook_deliveries", "jobs"):
        if not await _is_queue(db):
            await db.execute_script(f"begin; {QUEUE} {MOVE_BACK} commit;")
    return NOTHING_MORE


async def _is_queue(db: BaseDBAsyncClient) -> bool:
    found, _ = await db.execute_query(IS_QUEUE)
    return found == 1


MODELS_STATE = (
    "eJztXe9z2zbS/lcw+tJ0RpdJnKTJte+8M1bi9txz4ozjNNdLMjREQhbOFKESkFW1vf/9AP"
    "CHSIqyZBIgKXo/XK4mKYD7LAjsPrtY/DmYh+w/xBWPj0lI3enge/TnAI+5CLEr5B8T7HMy"
    "RAM8n8u/kocH8soYuzdLHHrO5MaZUOJ7XD7w+Wv2DjtihVseFjhz6c+BywLVFw0E113P8O"
    "+OT4Jrod7k6ZMn/1U/Gjsu8xezQL2BepHomkcmeOGrlxw4zrvzS+fDyaXjxDd1H45YzUnU"
    "rnrql+OL1/84vngkm/1WPcakjD5Rd97Ft46ie7rTtPVg4fv6AndDOheUBZmLzJWvT4Pr9a"
    "V1z6rl11Mc/qiuqA6vSUBCLIiXAZYGHvk9dyXAM5KRVDWLx/o9kyfmKzFlQdqHfAP14CKg"
    "vy3Sx6QMO9A9evFiA91bEnIlYE2EZdNbEdb3uoFwRlqDKG+AKu8LEoiqoP784fyduj3j/D"
    "c/i+Wjt8f/KsL8+ux8pC7NGRfXoW5FNzAyCblqsCLkGSx2Q+5RV6C/kE+5KIH+633evzhH"
    "RW+Y/jk7mhUemOEAX2sR4iYSCQrzpYJ/Y5qbx91pHRY/wmvVzN+Onj5/+fzVs++ev5LPax"
    "DSKy83RhD1qg6e03eXJjV/GohSxYtwkdd7fCEBLRJgt8ZpkNe0aka9voh/NsAp6tEzjmDX"
    "RExJqKFXj6b6EQK705kcbGdkItitfqTRtQ0vBHMCtsx2FV9ysJf9OnbNIJwGLqk6BC5P35"
    "58uDx++z43ibw5vjxRd4701VXh6qPvChNL2gj6dHr5D6T+RP8+f3dSnGvS5y7/bXLcvZHj"
    "TNAZqTjrpPjtMefEPT1O/mPPpTX6qv9+dPTs2cujJ8++e/Xi+cuXL149ST/vzVub3zmnf1"
    "RW8+j0J/Wx57Rm+Osf0ettE8A+OvhjTxUUJ4H9V1q5tOBAONWnS72sPosGf3ZYf/x4+sYk"
    "kqq9ijjmZNwN5mJBvcf69fdZQQfHAWJjNQ0iMcUCBQzhdB5FIZlIiwkJ9j1iAZH/Q1RwtM"
    "QrRIMhYqG+upwyTrK/ohxdyxuPBwVgbPdlY83fXFPuvf4bXNzvMVoH/zdZBK7SMtIjQv3z"
    "/P8HTQzgiqZA+cDdNAhSlUjPJtIJ38c8GPlsfLgGgWALd0o8B1f2KsAqKIBo2zS4l8Ffxx"
    "BoyORvZcWvhKXA11I+bg7PJ22AmZHCpglVk6wYxfxDOqP8cnwxOn13fPFrylak08rZ+buf"
    "RiV8xejXy5Njs3ZrgMOVUcYiXtQKsI9XgvCKwN+QuXDGqx5brhkJdyJ5l9m6D5p8io9efF"
    "d5cTz51+XdlFtuECePF3k4g7Bfkt8rzxwpFDZJTnC9arteKJ5qpHsTuATNSYiiHh+jf8pP"
    "J7nN0RTfEnQVf05XPyCmLFzlHFHpSjE0JpH3RGQrnvaVoot8KX9R4oY10++X4EtwlaxiV8"
    "pTk7+WKpqNZX9sIn8q8eGCR86g7ooLFhJPOn4IB570DwVakdgzVNdl61S+4yf1vGxOvZfq"
    "VPWhfsW/BC5byFf3EI46i6T6httyD7VPMQSHsFWHcCyVsM0D/JyZDNcf89ecY/iazZQ3OT"
    "hY39ANiYIefMM6vmEeRHO+oTk1E4+ClmtqOYfhTpu0eR0v5h58ynWVnAexUzSPGn8Hzkuk"
    "IrTM8tTMXNkE82kLYN4rIaU6xyNnoykL++2r5WSs56vtA+mYeZWpm16xDQkQNrkGaZ5Tse"
    "r3+M3JaH/8xt3p5mAYb+BhczRTLrH2iXqzisiPzs/PcsiPTovQfnw7Orl49FSrQT4kzd7y"
    "VS+RriLRzphPcFAR8zwQuyEfy94qYq48fCmatAoXnKhVorIVpr65z19NjtrjMMRVgxXlcu"
    "2GckuK5T5QznFI+k785mS0HruIuaWeQ5oT0jqmEJ6oGZ5oNLc64WCHwKW3yqW7kR72SqiK"
    "dXbi0QPmzkMy97ELjFs9xq2AojXKDbzwNr3weHLo95qaF9K+Hw52St00Cp0OgFGsOMQx9d"
    "CYTFhIEGczor4MFMV9VPbAoCBrhZ/bs3/0Wgo2UCdsICcNdOxpCH0Q+IB3nEESgQE7yFYS"
    "AazMsDJ3fWXeB9KYo+wxoBkJ+0DI6DUNDJJuGCRcKmN7omN+ekzGYT7V8UeqWwQTBUyU7u"
    "Y5Qg6cATV3OAcOtjpCElwbSXA+Dq4X0uoBvrgAxs5YbHXKeI7FFPDOAGGTn1d9ODcEAiJF"
    "MKyC/qBzNyzxBLCZFzbzdpnrapmc0W78EFiZVlmZiVTCXuEhpa3XU2lvNU69gLO21VkrN3"
    "QPy1drCc2G3DX1ffV7QcpIaN+kAu932Lj3yypXLu8V2sx0WXOgGVqlGcDjNT89g8d7t8dr"
    "emoGh9dQ2mVsDSKP6vpMqkivmoS25lne9bwlVzl2voYVC/fXLPFdfYi1W+C7sQr/2gx2tY"
    "62ZzckC1t+Xk5ckc0sh8uQNO5uG6z2S0nowBkANav95kDcuZY0GAGPRrwqVWeODGijFExe"
    "jpZD4RMacuH0IiC+IUrfsgzaGKxW4axpIwgmsO/YPwykOu61TgLJi2eTNASz3nwaPI0OvX"
    "jwfmkCREWvtMSFOg+i4ruxJZoUwlV1dz2k40tKClUvl6uCubp8LlkSHpXHVX/qlSLxqYbR"
    "ZfWx8U3/y3Znlpw3bcgPa8c6GyWtuhPzNENjlbtsQmpmrwDoT3RywBUCIOt8UN8X637W+Y"
    "wIrEeRJ4cy6LqGrkuQNOZ8wy6DTqm6w7sM0lGIhSCz+aFX3S0Vp2+0QH82H5ihBeYhrc4A"
    "d/140FQ4c1lZW223Xp+ylBfSPiHgLkJ14gtsMyiCYTFcTWfSU3YWoQ+gF9GwiHq66HKBxa"
    "KyBdEr7EswsagB3SvAvgbCJtYsPssQwE6QsJmAhKsfUKrQ604J6kSS3ZZHjaLTAt+QwFEM"
    "YA1jrrR0d4asHS+oL2jAH6sXrcHX1kOzIKhdWCFeZrzGERhpJIODuWjZVe7TuEI4JGhGoo"
    "DVcsrQkvIp8dCEheoASfk5Y6S+jCjQdUPInCNOpLMkOJqEbKZCWrMoiuUxFDA0YyHZDJs1"
    "1quF+JkOvAxhn2Cr+wSvpRL2DpMdSwRuqVgNDjZcxlztEgOxXotYL6BojVnfUJ8cbr0/KC"
    "wj4s7VydAxS70GtOGTq6bU8+SKrFZTo45Aaw5UQSCrBj8L/JUjjZUeD8esiNa/b3CgzEOq"
    "2qlqOvTJg0qA2A35vj7UHS9tx/tI7dkheCGteyEOzmhjH2/kTK0zB+uJQOLeoL4j0v3EvZ"
    "DcEuyDluud35TBsIPJevH7QWqmGT1DYmbfFW0rMdOcmm8pp/KVYJdzTU1v4Gjsk4YM0Ubr"
    "nUGuogUuAfKHtucP3YtL2ItbdF2svpR+s2EFKa0zjHM5/fQd05yMwNkCZ3uw82xdznYfsL"
    "XJR/2YyHvwkOfhMEeWD65y7vIVoirjhwQq7Wemkn3k3zrth6tCZmMi//W9H7R4iEljXKX6"
    "rNCSlGYVGWv6S/AluMo5AevWZENLzBGfsmWgGlKb+GUPvvy9nh6QL0EOZYs2E5DO4mAl0P"
    "9t0/8qbLx3JtJ5bOYMgP9/yPRC9/l/4AsNqLnDG7mBQ9oFZ81dxuOFJ9eBqvh2fZvxWrqd"
    "fiVwd3stBbDPuAUnZ8s+Y+O+pZrPqwKu1kbTa1pFuBIx7rmSVQTtRr4IjNIMEDZHKFD6DV"
    "L6KTFbea9qt1Kt8/JYzbQOSTxnw2jdhMPmmAV630IN2Bn5gwUwkotgmGSbVwSHjodXmr9N"
    "X+l7NGOBmEY7RvEKYa7PzIgqtQ7ReIWWU+pO5b9YIP2RcaRa8lcRibwIvBL62W5flpjklJ"
    "IcApvcPpucxMH3ZpTf67V3AHzyQyYagU9+EGoGPnkfkLvGJ29SwzQUU2kJ9IARyopyvxRZ"
    "4IS7wwlPWDgjobPgpOdFCjYFtZ4W59Pgpt+gZiS0jibQlA3SlFC6sMnShSHxsZKITykccF"
    "0GiEXs1SFalUf6zx/O390NehHfwlyuGjAKumqwIugpEnt4F9QV6C8EdRLvBLTpOom9t+FM"
    "GW+bZPEdL2+Heo25uyEQr+0Tr1EMcy/a9Yzg20iuA+VcYcd/TSKudKt/Z7hWn6iqNKDf6v"
    "rNIGiNZd3MCmnyMMW2Vu+tRyfCpkSwMDsCaLmFWQHOknyE88nmfrGlNDIIulp/Gjp/QHX9"
    "GL1ZkGjXWcDGzFshj8iW0ZKKKaLiB/mnT6RYySNiKhFRP1YTWMlhtQ13bsFsTmwvsJnbtZ"
    "n9SA/72cuUi1NBZodrMEOSggGjqvtJCjN2C0qup+QshF1U8Xwx9qnrQDqKAV2XYtlFpYO2"
    "DWi7w8lH8UDsRQ7SpiwGU5GqgPvbAuuTCMzBWmsUV0c2K0jLmPZipDaULSen+r7ne2VFtE"
    "/gYM7pdSA7FKzPmOaltM406iBSr2mxjIQNZM3xnqOZkdD+Jw9pc3Dgbz+z5vgUh5C6RfJQ"
    "NJG7BYe3r4EvO7PdeDYuhDLrxt4upwRF7jWKfRe9J1dxE0jFMwhiCxFtw6Uc3ZC5SA+X1T"
    "t2dRlJ9Yc+ijYqJrkZZLPWi41oWhKZGUI4rd1wmrYGpSb2Cqi9jyNlEE97yIRs9+NpcYIA"
    "qLlWrmEOxJ2mNERXDlLL3Q+iwdFCZjQNRwv1JTARulN6SyrbvaPz87PcZzA6LTq5H9+OTi"
    "4ePdXjXz4kDcRylBPZKlaCZUw6JkFVoj0Dw264x7Kvinhnhas6/fSJdijgYZPSBPq4wfOe"
    "lkHfE6yzItoPfgBxZhxSOCtn06SzclbOliNoNrP4sUq7F4gG+dNn8vUJ67ZmgYF8vyapgI"
    "BskYCM9XEf+vE4Off+YGlI5urquUBd1HJoCyhaywzddMBcwXpuKWVFtJ50405xICfr5GOr"
    "sbJ3pzT5pky7x2eNqDjRGab9HpM5Ge3bmnF3ujkwNjfwsOmKPuwd6eCOHoo7CnODoXNyy1"
    "zQeEe4chLJrZx8vuElnuWWh+w5jKnzMQTHsQuOo4MzCtnTgfwR37IwimkcqAMJeSyD+v6j"
    "rTwWsG7AuumDdQMFdw6lpmNxXQPbpBu2ySRWyDZ2+3NhmkzG49cyq+UtUec2gc0CNkun0/"
    "UgK9OAmjtc8wIy9cDSb9XSD5kPpFsWCJtMPLhV4Fbdf/Xql1sVG95DcKo64VTNtDqMuFSX"
    "+ICL6YM/NeiuP7VTecxnIVgxWSRgH0E/9hGA0wPhjbbt8G4Yjsq8AKuxG1ajwPvVjP8g5M"
    "x9TY59n4kZCRqvdVHO0P396OjZs5dHT5599+rF85cvX7x6klJ1m7c2OTt1uF7VQTQ6/Ulx"
    "drklzXBp1RG9rk7lJbLZ5PGmzPcImGt5KAzmen1SRYmwOsmDhEg6bLfUJWiGV2hCfR+xCc"
    "LxDqFvOOLRB/oYqXpHN2SlNgup9C/1JY0xJyod7FG6lAxR9MLfbuaONdWphfVlY5Kqv8o0"
    "aWB0Z7ExYnJsrDnxaHFwop/tZMX6c1q/yteyBekjJ71Yiha8RuGCvZaiJ+2sQ4lgVdehkm"
    "lxtBKE65lITki6YJsq6MaFmhyQ1I5QQys7Uw31A/JCUuVNj0B1VJJgKDfRleTSWu/N3kSo"
    "Pg6YArs4BS442TL35Sa5S8xvmp7egIl9EEwsnF7bGRWXnl4L1eR6pOEO5y1hIbA7Vda4vL"
    "gIKmvZpMFZ3dosk8YgAwKJYZZLuEWHhJB+E/oFKXdO+rXrCMQmRK/P7MkLaT/yBNXvCkZM"
    "Y9Xv5ACkdWB/c/5xdHaC3l+cvD79cBofOJEaIPqmurSu73hxcnxmEuUffYYrH0eXEX73IJ"
    "+onqrCHFK1SQMqihXBgCSBmlN100kCcDQKHI3S5ayMvSClAtL7SQ4Jc4HWRpNgNKc7hPSX"
    "VtNfhFTCXnkvSlvHKakwAC7+IdN43efiga01oOYOs7VAJu6CE1IC75MSWM7NVCdwgWq0YP"
    "vfyFcB0z8DhE3fdUY8iqN2APIiHLAXCfYiHcw03fheJOkq9hvRjISwtesAScRF6MMUu8ah"
    "4mrWAf4ww0gNgUlsnUl01mlHe5OKr3V6Uh+2LoxXcSW/3u1dSCXrHE1RK1Wv6zyFjcw9MI"
    "Eh0g6R9oMcxFbrHwz+qXZ0jVdq91ZIr69JGG1mDdlSb+piAUHxV5Ts+5JqRTgkajfXmCDs"
    "ecRDi/n3iBOiN7/O6LUUjpad+Ge7M0vm5utkQr6fpWlmqas+tttd52Kzs7YdWlziyi1QvW"
    "bubXye4THxmzY+IZjdqSgnBLMfhJohmL0PyF0LZpc4fFAYDwrj9TIYpfpwbghsNCiCARHA"
    "pL0DoT/AGz+kaoRrR2gIMZT2Yyi+UsX2ilDZiTHzXeeLQl3qwXnoJwJh7rAJuDyVXZ4Uvy"
    "46tf9hNACftp6CcxjudANM1Sb3KJ/7eOWAc5Bs+S4AYtEhIzNMIXclh4RttMElyyJe4pOZ"
    "Rp3y6NDm6vsPzs/PcqiPTouwfnw7Orl49FSrYF3gwHRQhDGf4KAi3DkYdq/gY9lZdcBn6R"
    "k2DxrwNQxWAdcf0hQHHmxlJiV4WCY0AfkCzdYI8nAs3/Zj+UxjDUfI1cmE2bOGe/wK3w7R"
    "ckrdKbpkoWBUPufiIGACcbzaTHwx3LYNNjBLHQ2haHIlXtBO0eS41V0H3OU6Lz/f7pc4WH"
    "uw1CBkvgzq00cNHW5XqRqrSvCrqlrDXkWNKqyJFObz5u+Fpkd8InqAZ0aOlhGdUJ+YrhPc"
    "Eqh5UVrGNc7SOnhQM3K0jKjx5LKWEO1ysRTBBPadPpdMyUtoM8FPGoRT1nPvNSej/XQcqJ"
    "vSaN0UzqWHDXjnsbDIdkEKH6TwPfAUvl/WxhEk8LWYwBcbqdu5ufxnnNi0eXLuExlPGYPz"
    "zoCc6/a2NI9y9Uqg53qHnuVRNJbFZ07Pc6zOLnUWgaiRegaKLsLYRU2H5JayBXc4kdOPAJ"
    "XXVfk2PDuoe9hkbEDhsMl4H5C7RgJvcpCQfjpoKPcUCmVbIG90fyx0IOcuq4AMIDYJ4NSg"
    "l31yOBSRbMHE5raN26QAZVXgP381CdxxGOJV1U0XqSy7x6xPefUqgDlLtfLSp4ZcdtDKMT"
    "s6fXd88Wv5qE2ez87bo18vT47NBj4DHFbFvwSYnSM3LZcJwYx7BjPsnPsLYzoPf+lQ3mba"
    "1RjLEEOCyuWNVS6/lx23Jes/+jCiQpOcYGmwPEZXWdvxCkX1BZFmcnQKv8vmK1WzUv13NB"
    "i+4ShO0UY3gapoqR+LWinfEdBQvxYCj0msagiBx1YDj8tID3sVvox1NmLeagAxxodMV3Z4"
    "A0CdZMrO5Kw2kS85Vp8xmARrIGxyO2DR1t1c+WmKhdrtyEkg0ISFCAdIcxxDxAKXRJd8Hy"
    "UL2g/oSn1FV2rHpPZFNi0oM03aM45G8cCsaSBpkR7aRsqs0KaNJUfOGJTcx2R6Q3x6S8ID"
    "NpuwEGQ2B8OpbmW1AowdjOeDgdxhA9mcmpnrLsIQ9FxPzwUUO+UJxXNN5XiWyVPEamyFzk"
    "hh0B2qtBt6EZ0U48wMYtqSh1mQZec6ZBVY+YnPZSvEqXf8VWfALZHHHMDgyN/DkTeeIRCG"
    "cIoEySFhOx+j36TJFj/VTjxbNuWRGa6+qddghmICRBspijkcrGYpQlaG+VGcrq6w8BXtjQ"
    "ZWQDihtOETSvlinJCCgPgaC4jW1Ju0G84/0u3AEF4DYXP8JnGKXg/gvJDG441X1LtSwUGV"
    "C3UV9/U3dY1NVJAwXKGYmXqMPlHZ0UIgjK7UAix/JlRM0Yt+rM4klr+hgkfBxc04pL2uvg"
    "RfgvMJWqpA5xJzhPkN8XRckwUoMoHVD0NdR1b9Ou5I/r86YlnxlOpt7YU408DYEPLAupAH"
    "JsHTCtke3vycc1kzH2GhFgULb/gcu+QD4VAx9sHHSbofD/MxFw52XTlcQdn1lF0GZRdVDj"
    "vXDSgbdq7vA3Lnd67L+6qnKCbYa7+hRFLrlCWceNfgcdhzHCoDlUeGZ78Hc6ms1oczRDXM"
    "Y6rI5MpzxM8fzt/dPUcUp4MC7qoBo3OEarAGrb7nJOFRV6C/UI396wJf92TDfyLJbtTqwA"
    "XMuPGduXDmlkk4lwnx5MyxmILRVQpJVfNrkye/4/UtkMZFUnEIrHG7rHE6smILdPummP/+"
    "DwstJZc="
)
