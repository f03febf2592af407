"""Mail and requests for a new password wait as jobs: what waits in the tables of before becomes jobs, and those go."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import system_only_policy

RUN_IN_TRANSACTION = True

# The owner of a table under forced row-level security sees no row of it, and adds none.
UNFORCED = "".join(
    f"alter table {table} no force row level security;\n" for table in ("jobs", "mails", "reset_requests")
)

# A mail that was tried for the last time when its sender died is tried once more. Base64 comes in lines.
MAILS = """
insert into jobs (id, kind, payload, priority, status, due_at, attempts, created_at)
select id, 'mail.letter',
       json_build_object('mail_id', id, 'template', template,
                         'sealed', replace(encode(sealed, 'base64'), E'\\n', '')),
       case template when 'reset_password' then 1 else 0 end, 'scheduled', due_at, least(attempts, 7), created_at
from mails order by created_at, id;
"""

RESET_REQUESTS = """
insert into jobs (id, kind, payload, unique_key, status, due_at, created_at)
select gen_random_uuid(), 'password.reset_request', json_build_object('email_identity', email_identity),
       email_identity, 'queued', created_at, created_at
from reset_requests order by created_at;
"""

END = """
drop table mails, reset_requests;
alter table jobs force row level security;
"""

TABLES_BEFORE = """
create table mails (
    id uuid primary key,
    template varchar(32) not null,
    sealed bytea not null,
    attempts integer not null default 0,
    due_at timestamptz not null,
    created_at timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0.02);
create index mails_due on mails (due_at);
create table reset_requests (
    email_identity varchar(254) primary key,
    created_at timestamptz not null
);
alter table jobs no force row level security;
insert into mails (id, template, sealed, attempts, due_at, created_at)
select (payload ->> 'mail_id')::uuid, payload ->> 'template', decode(payload ->> 'sealed', 'base64'), attempts, due_at,
       created_at
from jobs where kind = 'mail.letter' and ended_at is null;
insert into reset_requests (email_identity, created_at)
select payload ->> 'email_identity', created_at from jobs where kind = 'password.reset_request' and ended_at is null;
delete from jobs where kind in ('mail.letter', 'password.reset_request');
alter table jobs force row level security;
"""

RIGHTS_BEFORE = """
do $rights$
declare
    app text := regexp_replace(current_user, '_owner$', '') || '_app';
begin
    execute format('revoke all on mails, reset_requests from %I', app);
    execute format('grant insert on mails to %I', app);
    execute format('create policy anybody_leaves_mail on mails for insert to %I with check (true)', app);
end
$rights$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return UNFORCED + MAILS + RESET_REQUESTS + END


async def downgrade(db: BaseDBAsyncClient) -> str:
    return TABLES_BEFORE + system_only_policy("mails") + system_only_policy("reset_requests") + RIGHTS_BEFORE


MODELS_STATE = (
    "eJztXWtz2zYW/SsYfdnsjNaT2Emcpjs7Yydu69aPjq1s2207FCRCEmqKYAHIjqbtf18AfI"
    "gvlRQISpSMLx6LLxDngrjnPnDxRw8u+OzoDFE8nvXegz96cMQ4hWMufkygx1Af9GAQiF/q"
    "yp74OYLjhydIXWfy4Eww8lwmzv78a/oMOSa5Uy7kMHXoj96Y+LIh7HOm2p3Dz46H/CmXr/"
    "Hq5cu/5E0jZ0y8xdxXzYu3CI+5aAIXnnzDnuPc3A6c+4uB40QnVRsOXwYofK686r9ndx++"
    "Obt7IR77T3kZER30kDxzE506Ds+pRpOn+wvPUwfYmOKAY+KnDpKxeH3sT1eHVi3LJ3+YQf"
    "qVPCIbnCIfUciRm0IV+y76nDniwzlK9VQ+Fo7Ue8ZXBEs+I37ShngDeeHCx78vkstEHyrQ"
    "PX7zpoDuI6JMdrAhwuLRaxFW57qBcKq3BlEugCrOc+RzXVC/vb+9kafnjP3upbF8cX32Yx"
    "7mD1e35/JQQBifUvUU9YBzk5DLB2pCnsKiGnIXjzn4E3iY8RLof93k/fNzVPiGyc/58Tx3"
    "wRz6cKq6ED0i+SxTM6XEvjDHBVFbSoD5L3Aqn/Gv41evT1+/O3n7+p24XiGQHDktDB/s6o"
    "6cy5uBSbFf+rxU6pwuskKPDsSIhR2oFjf2s2KWj5Gvz6PbejBBPbzG4WSK+AxRBb28NBRO"
    "gL9Dy62qMfE04vjkKd1OdMiBbvpDqJwsKJKwOlB7vhhcXl/cD86uv89MGh/PBhfyzLE6us"
    "wdffE2N5EkDwE/XA6+AfIn+N/tzUV+bkmuG/zP5FD7KDDgeI50Z5kMiDUmmqi5o/ifNTO9"
    "OTGjzwEWEFoxNxFzFsSUmKMJaOdS9iDjzoLZz7mZnPMwdlDSFD2SByvnZnLOgmhMylWyc/"
    "EUMW25nUeMOxGZYOfnlzdndz8l/DyR29XtzdfnJQz9/KfBxZlJQZxjH9KlphhWeFRrztGS"
    "iy7o4a7a0/1aLn4c/L1RlAE9vjxvKRmEfIA+l9PjasBjINo0QgOKJvizhTsDRZuAszEJwk"
    "9DF/CffzUJ2BmlUHdGWPWlGrE11nodyDjyoc8dfYNXjciTUCmm59dPny4/msRSPk8Tykwf"
    "q9FcLLB7pF5fD1LBmuhhAZpzLqQ62AzNojupdwZCVQiI7y3FmxPwgJYAM8A4ocg96uW6Vu"
    "sG466o0NvR39QVZdDPtMEo6f17svDHEmCghCH/vP5PbwcDp9mYKfqmAuwIYae40DrvFOdo"
    "HvAfxIspw2MfnVTId63rYiNTJzf4UgCa804Z8DVLI7vj3uZqFRt3YnOP81pN8Mn3yFTMwe"
    "8B9DxAUeDhMWRgTBY+B9gHmPcB9F0AJxxRAMGYQjYDZALE9w/khziCDIWXiy4LdQApZ+IO"
    "9FRUIi23ZVz/ZOazjdVQNib59nVhSD6Eyq1JOPLt67XRSHlqN8HI3IwQdXNzi6SoiUKBOE"
    "9KIjUU0sLFXLw49vdUG1E0JtS1zremzrcMim2rpS+Oj09OTo9fnrx99+b16embdy8T/VQ8"
    "VVRUDP2u7bC7/FqqqozoDOuuczzVV19R13S1Vx2rcCY0hvV3xoDHaOh7O0sYww9inkVKJY"
    "/l1Cr1MwSh8Q8k+yvq/Vp3GNfeq8l/Y9W9U/9NdwxJIx6dohaXgnHUSKitwtH4ISByVthP"
    "Pc7w1LdavJkWz2BodbjV4VaHG4xYyq8L8gXVDlseHvAZSIwyqIFgQjLzQ5AfTpchHQqZEZ"
    "9BDiiSiaRS/7vIE/+z9wBzBpL3kY4PwZrAhFDwJG94ggyMkPiJityr5bZaYm2JvrfUrYvU"
    "LRZPTf52QSGT39F+kjcBus1za5rPmMawi1mrE+xjNrNibibmHIpG8txKo9cBokxMsoSuHA"
    "lPM8IQCH19DMzgI5JR6vBC6IFwbgDQX4K5UF5fgmHqZYcyok3Dm6SbgnhuGOtGJd6Mrbfe"
    "io6N5+TmCpYtRr+h8bPTsNluG1axKJROTf1q14Q861m3rTUhlYmXanY7rBysQkZluo/tJ7"
    "UxBD0hyQaR4QO0wzOYGA5lCIuWBMhnSvHm1bUwloUSjg7/gyXqXYYwxPFQ9fdB+IJgIXpA"
    "wXcXPzkXNx/ufvp+cHl7I8T14e5iUBYS2VLLv/i/+NIHoNL1/GwmBWbgRWIo9kEy1v/ZF3"
    "wGj2dgQCgnWOZcQN8nHDC4bI+RmMn1s+a+aS7yN7l/P2fnx9Vb/JpjKFdkahmKZSjdtf9t"
    "ps0eZtqcHJ++TeJy8kcxEjchdK4r0Pvrs6urYuztlTa693Poefqht7gvBmNv9YFkHPIFEw"
    "dc7RDRGjwbDdiGkOZ6ZR7ZhoFkikQzjDsJpz3EkHKhk50Tg43nN4nnQ0WRtdXqIS3QXEHR"
    "5gJNOBU0YSpeymKeR6MyJNEA9XCd1GH7w7KdrESzqT9MZvxLHd1g/jg8h1gOlEohNMkLQr"
    "6bJGI8+5kkDUab87dNgNt+AhzWLr55UEMc5ytzmtaScyQepK0hDwrrFRRtTiZkwcfElqNB"
    "OSzahDyO5tg5PBtGDRFpla8EFD1ismCO1aEZ/POwtKtME48OcbUD2Qc18eQBaVHBivEXiE"
    "uQM9d2GH68/XR+dQG+v7v4cHl/GdVoTkIX6qQ8JA5grt727uLsyiTSX3kE6kOd6X/1QJ/I"
    "xjTBZojJOtuHbfNnO9m6zW9rZZmHdCa7YSfiFBJt8j+Z4oAaDODDQjwFRpugq3JpcNpgO4"
    "KDgj0LR4t84/Dq8JVCaUD5lSQgXvoggJRj+ZuB0RIMUykUwz6AYE58PgMIjmdHQO5OIZP2"
    "hr8JY0qclSl56v/RMFy2x8V4kRfIZ8ocQrViD8v1CHKpQTELcfvNt5I5KLPL+rZK4G6rBK"
    "pcQY9Ma65ZuJYDq7efOYGyZom2krFZYjF8XcwDDGvKWeHql+lIADQj3vLlf7HSiosDinmn"
    "L/WXfIvSFXuVN7SimMJJbmPVlKsceFIYpU3qyyelA0/Wlw486UjpQP3y8Wv0k6Iz1RpKfA"
    "Pw4nNA6L4WHLJZ6wamsu5nrdu9ljTEnC9YvG6rJbMp6+uW+oneLeYNnBaHF6sqAabdaNXh"
    "eTC2uJOAXFsYi0rtB1C5JFGVeH5AAVdFhSBw4VKuN5QlItEjosu4MLRcdCj+hy7AvLyu0Z"
    "baNU0NU+xiY2povRZGvRaKgiEli2pW+BWhc0Sv0XyEKJvhYE+5oYcm3DKGRrv2rRCsdAib"
    "ogtYMJSxKn3vhMWUtAnD7e1VRnTnl/kwxqfr84u7F6+UzFZB/uKqlRgXTZJAiIegr5uoWI"
    "ZHDZ4gGrU0Yfs04XYCInGxsPAgpEgFEELhHYFh9FENpTKXzUeqmZE5klkzQJ6PKg8Kxazq"
    "EIr7y6IaLbYlqykMC0Nv+F75lKKD6vLwRPyMidIcUdkGBp5UOWziudIbhfmX8m5ZmkG8ja"
    "zuwDgWr4TZUe3KDZHktl63oaARm/MZW7/BHLsJh50zT+Szvo5D5gXiiSBVxeHSf8TRkpP9"
    "ZD3i4xTU37rEmjGfHIrG2I/1fHZKzNbz+SzE3Jbr05yYF4Frv+amYs6C2JqHW2dXvkfBSx"
    "qs7TVZnEW/hEKqE9Xg1q9ckQkCv3pbstSFqAKkVJjRugDGweBX+RG/CgbLU7sJBhcXsWQ7"
    "bC6psRLrZ4NxCbZNM3Wz4B6/KW6EiOYQay+Wi+EVD16LrzrXDYCTvm4fYWHSyb0eeONdJ/"
    "cJ6kynW8O8ZHdPTh6Q74S7ZjcFfB+2+cz3Vztnp05BocgKHWkP5Q56Y9fa2qN6SwabLhKa"
    "YMq40yS17KAWUGThaHEBBZautUMfzNlOtr/iTW55ZMdyErCE2xnKMUM/qCjZOjPELoft4n"
    "LY0nzxkJXEud+SFiIXKMICiO8tyzLG69xiOpyWCrL0bWLQThODcCKK6rygK/yIBnj8gPY1"
    "W9w603ube1k7kkY8pkgZuNA7bBVR6Gf7HLKZ7X54idmb2PZN8rEt4zE+lA8vd60Q5Goxee"
    "1rQlyVNC6zs2ZyP9wZfEDgCctqIoAhgb7L+gAyuQ2gzCUX/z6g8BbMj8CKTZaSTfOPN01M"
    "UwzHEtPdElNPiMLhShbVzPRamC0DabPsKTG1yTwaxNQm8zwLMe/G/qjOSlhQgdXzCJan+m"
    "owsvgMyNsWFx5kyNF7uSlz6MSTSwY5oWXrB+rdYppjrXT1xhSrMhb9fKLQBuLPK66l8geU"
    "7GtQrX1fFmi51rPgWjaj1oCYbUZtHZD3LqPWZnmaTGuRqyQ5ftRG1OBC5Ygk7GydcgxDDb"
    "+5XZ+8szImBhfaFkqVdHgRr12+29HluybW7V5PoNATntR6qLefhon1Dmow1i15B81JOYCM"
    "PRExtsYzKMaqNVAaGShr0OyUpSK3sZwH+sV2izTv5Q5MlXQvDNoqNhnFJqPsPBmlnYRma6"
    "eYRPNJVhQSv8kD7oKlHfdyF6Z2Hgpta7vEPryPS0PNIANsRp5CW47i6YyDWNuqCpPkCTEA"
    "wZi4JZXI9R9j3OpLGwZ9m9Sz06Se+QRKphZKo0asaQIvfEo8VR53P406cX6C6dzy/Ibxph"
    "yMlcrbFmTaTzm3FFcsN+O+OD4+OTk9fnny9t2b16enb969TOy54qmiYadWGwoS5DqMI+1t"
    "1c8vv5b0IiPEIt9oaIBM9Q2/Yi8rPz596y+qic6QGAjWCMyXil/Bom8LrokJhI+uV2D8CP"
    "yARVsLDobpeXkoS4hC9iBriCrup8qP+0u1FWV5tGArrbbAKFespDmj3J6Z2B1aacByLOWW"
    "KJZLLW55h8ZEFsT/IGyPPaWXal62jKNJigszTyqtj3P7Ps4NY93RDNSPUmDNBbo3fXAL2i"
    "kzr1kF1SUFRSPRONLftT7avfogSkLd9+E29XuqsUK3paCydm+Ohh6RHI7WJXKggu58qrVN"
    "XDEg5u5nrihHEEPIt4JutKlSDsYuipqiR/JgJ+5mgs6C2EH1TAm36rmxlDMgdlDK0msfiB"
    "dcBFbQzTZ8z+G4NXeRkLdARjt/8KAqfKawaHNRT2RdWUddqdFZ6q8r/waapCSOF5Qin1sp"
    "5KVQwKXd1NBAMBlMFnHKmZVHPgl9LT6tfh5Js1Yea+SxJUHERJ8iyPRXJB+Umi5CUikBfW"
    "X9nFPXW8q2VmEHOI0yHJ79cM7C0SbxtIsGmmy+LDcVxlMfuf/CPnCFFhiLh8osc0ZU0ckJ"
    "nGNvKYudUzQR0MzCikfsCHxUqoJtUD2p7cZMB4bjsGHf5sDvNAeehXKozlCKBLbPdS1tZK"
    "jX3PG0q4rr1qwwn6VULwdaffcHzQKyfWyfz1oTwS5v1WP92yi1LmmkJJElldBlfqF8j3iD"
    "nujDEf9D3qD6elsttkRaNeuFWubaBnOtWyn0Xowx0a3v0HJP2atNXzPAXrufvkZFM9SKuW"
    "mySxrELqZBiNmIORNK5lbK+jkQGRC3Z4oGi5GHx84D0t469vDM0SwmbZukav1pQPGjeD8r"
    "h5K1uTlsjC9kip4PAkhrLpj9EkAQTctqtZKPsCRpivvL1bIUPCKKBRJMrpcFc0JLCrlst2"
    "nj5sOKgm5sPFRuNqBvTOzTRgN1bYjKTQZYKAv5gVTbDgPly+jtqd3gEbsst1kdzwyEHWST"
    "1jQ0wCa7bxraTSQMiNluIlEH5L3bRIJjRJsSoI02kehNKEL6btQG20jEXTWY+FPJLpm3mD"
    "4Hfhn3U5thVluvqind+fuQ0thiIHTHcdE0/ZuXNmzKRRZB38aAdhoDCoPM1QbcJ6aO7KP5"
    "Bn3iL+fYmnANeV8Bxy7acdZUb27GWVv9GQi587Y6UruYRn5lK+1mKadlWHbw01a1NDwyxb"
    "YmSfOaJGkcOyhru3GSSYm3vnGSdcJ2St7WCVsH5G47YY/fFN2ESlM39ROKB691FKpzu/EU"
    "lrKSVv2waxF2sIt8jrl23kvHoc5vo1joc4vuWfgIOaTOgmqP44Ny0mbhqCRi+kuNXcwCDy"
    "4d6x5PFnhlAWkR+6yBpYv+gexnVgSjRvac/v7hE0yFtWNHfYR+Fg6DqrUYeUlvEb/j8R59"
    "0LsY7hkYWh3poiUxofEJoXNhc82xNsc+kImmFI9WJaAcK3aqSbuZtjHTJN6NGWQzC30ZIq"
    "3CT9EEUeSPkXbRym/vb2/+Hvw8zv2sG0Y+IA9+Kio/WmCPY58duXjMGwTmZTO6IsmiVMMn"
    "I14V/Ak8zMrcB7tMzlDR/r5NzdhpaoZctF0vMeMecR72aB/zM2w8t9fcH9z9eK51+xsQs3"
    "X71wG5227/ktzrsXjBKaGNvdEb5V/vyu2f7uw2M7AbrHLtdAJ2Ht/aK1ZthVZbfmkfyy/V"
    "gfMRegvrpMkgYW6VQO92oqpOzdF8FBaWkr/CD+Y9mMofshCVKjcVXsNmODgCQ/UuQ7nmfP"
    "gbI/6wD+TWmer/0fA9eECBLEkld4Aei7cvqdG6vXbbMKljO61vLeudW9Zyp0UpjPWbdqZ5"
    "SqRTMzohtZXnX/8HGLQ3Sg=="
)
