"""Tickets that open one live connection."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

RUN_IN_TRANSACTION = True

TABLES = """
create table live_tickets (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    credential_id uuid not null,
    digest bytea not null,
    expires_at timestamptz not null,
    foreign key (tenant_id, user_id) references memberships on delete cascade
);
create index live_tickets_expiry on live_tickets (expires_at);
"""

GRANTS = """
do $grants$
declare
    app text := regexp_replace(current_user, '_owner$', '') || '_app';
begin
    execute format('revoke all on live_tickets from %I', app);
    execute format('grant insert on live_tickets to %I', app);
end
$grants$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return TABLES + tenant_policy("live_tickets") + GRANTS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "drop table live_tickets;"


MODELS_STATE = (
    "eJztXW1v27YW/iuEv9wO8II0adOu9+ICSept2ZpkSNzbdcOgMBJtc5FJjaTsGFv/+yVpyd"
    "Z7JcV2aJtf2oTksZznUDzPeSH5dweGYnTwkSPWeQf+7hA4RvKHRGtX/hIEcZv6VcB7Xw8K"
    "ZT/XA+65YNAVsnEAfY5kk4e4y3AgMCWylYS+rxqpKwdiMlw2hQT/FSJH0CESI/0lfv9DNm"
    "PioUfE41+DB2eAke+lviP21LN1uyNmgW77+PHi/fd6pHrcveNSPxyT5ehgJkaULIaHIfYO"
    "lIzqGyKCGBTIS/wZ6ltGf27cNP/GskGwEC2+qrds8NAAhr4Co/OfQUhchQHQT1L/vPpv9N"
    "USwxzn6rrv3Pb6jtNpgJ1LicIdE6GA+vvL/HOXgOjWjnrA+Y+nNy+OT77REFAuhkx3arg6"
    "X7QgFHAuqkFfoozGEPt5oM9HkBUDvRDIYC2/ahuU44YlzMspFgMYQ7QGUDtj+Oj4iAzl3H"
    "8Hjl6/qkD5f6c3Gmg5SiNN5Tsxf1Ouoq6jeZ9CPIOwgz1EBBazxlCnJFeD+ddn9nYjHkDO"
    "p5R5zgjyUR7wPnoUxYDnBHdijlcA3O/92lefPOb8Lz+J64vL01815ONZ1PPh+uqHeHhCD+"
    "cfrs/K4HdHkAyR50CRV8J7iZ/AY/QVRaQ/IqMOL/qMg/iHHVPOxWXvtn96+UtKQ+9P+z3V"
    "c5TSTtz64iTzoiw+BHy66P8I1K/gt+urXtZULMb1f+uo7yTZAHUInTrQS2ISN8dNKcUPMO"
    "PC0b81eOnSUvaNa/HG+bAF7ikhC3sL2D3MAx/OGiOflWsFfmSz9xV7OJGMljkhKyCv5cin"
    "pSzuLYw7QwPEEHERzwP/0+31VYlBT4tlDTl2BfgH+JiLdS07CV/tPsS+wIQfqMc+h7umYK"
    "pWTFYHGWOtPiCrGMwd6aLjScFKdEapjyApcZyTchm93EvBdSkk9jk2C/3Z9fWHFPRnF9lJ"
    "//HyrHfz4qXWgxyEhW6+uOoX+nUTxLB8UEGsohL1vPAGoV+0bC32ctJKCyoGlI0lQR1j0n"
    "zS5+WtBhpoQLNHnw4xaeHe5YRX4NhtkV3eNr/O9Slv5canBK2OTdYxJJTMxridnnPCVtcm"
    "61rSDq7+/JyWL0iJ35SQyKhW4rMuI/lyTaqUX1b+9+3Ry1dvXr09Pnn1Vg7R33LR8qZC23"
    "lT6DKk/vI262NK0kY3jX5rwsBrqea0pFWzcWpWOejBQyI/qhruofswhcxzcj30iJaNzXeN"
    "j8bZFkjgUCtJoRl9z9HBaYB/RrNOLk0ftXfLE/UwwM4DmtXL1XdOgYeHiAtAiT+T34ECKQ"
    "swB1xQhryDTkbltQRsnn8TL9MT8vwCEUiE0wzslNAqMTd3vfoqxAmDwBFrCGhCZL1wbjKj"
    "vxo0myZRbObqiVF8/NgE7qWEBbxVqlBZ0IIoJSaQzcrShLFMNjI5E/M0yu6AfhZlORagS8"
    "zPLq5Obz4Xo35WkBU5+9zvnWZw5y4NijJVp4zBEtiXIhnY15meer6p/vsf2bzGY4Aloi38"
    "nLSkjQGZ5ubk4vdhu3BfVtZq2mRNMzShD630nJa0WjZZyzYIubNqNiI6JecQ7D0GlIlOLk"
    "KV6OuWR6l0aALpYTUjVf0RAlK94RgRoeNNCPrIA6GcRgz83Pvs9K7Obz7/0r+4vpKT5Pym"
    "1weQeOABBQIMKAMQeHDWBdMRYgigCWIzwFDgYxcCFxL5M/QAFvmA1wafa+NmRoQhyuNmNs"
    "izyiDP/E1y4permT9cIGwd425Lx9jyhZ3lC4Y689uzoG2Flo1ghbeIq7qQvnQTSZ4Xpnor"
    "mCGfj5MsSA6syQ1/oNTTZIsSBDgekm8xAVMsRvI/jqSuPd4FkAPJqoAyyIAO9M/Rs+TPUM"
    "h+6d7qT5F0DKTynHlWuJEnWj5oBGOxedQNkkKTKfYWwhmvps0QTUtZv8Wm70zwUraLvpqi"
    "Dctf6/LXCzLBAkbQZ9hroq+Cu+LFqMbld3N6qDaCSUqouW8J86wnYqmjEUbDUscN2mV7et"
    "H+nV60+5gz6heUQpYjHY/fQXxfntSA92WWuyzRVV3Z0kf6J3KbLsNpqSesw9tTAtFgGY7R"
    "aTpxs3K7cCDHuuevJpzIc+4LFuMKzpaSsjwiA6qm0k6Zl18+gbNyO3c+30kd83ZSbt1O8o"
    "TCuvS76tKn9pO7LgraJZgzorbucCv03MweZcQsoUovknaHfsfu0H/u+bp1a5Hdob+zajYi"
    "W/ABT1Afuw+ooAY60dctzxb4cpQj9LA2dS4jSDw+gg+oqO5kOqKq1vgJRS0r+XibhjCCS9"
    "g0xAbpmq1gWSmcknTprAH0G4KaE7TQ2kKWRlDaQhaDCrQsM63LTC9VVjvHSS+jXHcZG1UJ"
    "2po09Aa5OMBqP5za6eYjIRQVZCjaG/cOwLhxDGfAhYzNVBMmD/O6ZxogwqUsgK5LQ1Kw6W"
    "4tT7Bk1Aj7U0VGx+og5kZZw6TMDqa8j49qpFyOj0pTLqqraNddM6O/lLFGv63Rh0JNVVFw"
    "/ExpGDcpsrk47uG6JvaK47ieXMubM6illGVPprEnG6XfCzUbQ5JLdiouu75ClxvtUcwfnD"
    "ov2W501mqRyBNobfMaF1vd8tXqFnt8xIbqDEMmRzQrMVyK7KCvsPryQhuo2lUbbKnWXqjZ"
    "DKo1gHJJ9tU6hQrYVrK3inANoLoAeD6wJue6pWN0T70ZGEFJmUZ0SvSWOYaHIwHia4V1iJ"
    "FOEQcQuNRDeR7W/mNsyNEI0lBOyWwK7HmiYZYKr3THwnNWcexkza29tn6PWFJS8VP5TnCp"
    "RfqAm16emxW1V4g2uELUpkdWnB6xvvuuLlemOHU9wqivD18tcuqWvd1qpw7FAxscBM2Ry1"
    "DN45gPwCcsp3AowJ2cCAPMxtoW3wGsT+DjgFDt3OnDmslM1ToPi4+B3shTn+AymkOq98N5"
    "jM4gnk+LZj5kTtS6kt2WrmTy9WocwMzI2u2lphm74mtquEBB0Qs3LCWLedlWlNEw7Uak8b"
    "ujo+PjN0eHxydvX7968+b128MFe8x3VdHIs4sfFJNMadjuoNyj180UbnmDXKruyjinXnHO"
    "IDXgKwyTRWMdFZdvwDL1zbbzWL/iAPeQI0X+XkSkqRuVZ3yjbvfA7gj0KRMUy0EuJIQKwG"
    "HBJrtVfnABV/w9SemiSPUflkCaSSBt9uHZsg+tNobbW+6s5aq0XDeII3GDpEJ5QVQk1Vth"
    "s5gaJ62WHljTXn1PmTQWcrbpbdmeJz+DgynkYIgniLxT908pE6HCDyqLvdwaowyPT9XVfi"
    "AMgNpKwbpAxS3oQAUmVJDiX1xdcTAq2Kezsac+ISpi3qGVBhU9rvDIynIzZ/0Fu+pu4OKZ"
    "/IIbd1SstdFVBzVX2evothfkqftePDTBrhylKn841admDOAY+zO1ijE0kNiO5iXb/AC817"
    "yNNyj/XvfDbHGS4e6BPZxjrw7nMCQH2uRsjpAxSY5Kz0qt8mPzstaf7bb0ZwMmjQMNeStF"
    "FAi31MT2eLTry0Wp4p9270NW1CqhpRIYFS3djbSkjfGY5m1sb32TVXNLNUvjpKJEbV7mlK"
    "R9mbdBywxBXnTScR89luT185K7cG9ElW57v/ZTao1DccVGMx6eCN2dKzta4BbBYeEt7OXY"
    "p6V2YkftpoGPYuZNUE+IWMhbQG6j0XthUnTBF0eItFB0Vtaq2jhVm5F4wEMiQf4ZzTr53M"
    "Oyr1uRfpiPch7QrEFhUsDwRE41EEBWsxz93wACJucqk8NU9RFBWCdm1fNVLToDE8Sw/KNV"
    "knYGxpQV7IPe7KNXnJ4oT/MWxna3P7W7/vNsoiL2aEqoOdws5FUsb8PAWV5TOwwc3vvYba"
    "6HtJzFvy3+llnuLN1InaCqDJczYHTcVM1pSatmo9UccZZWkcekpI08mqZlI3yHSzS+R4yP"
    "cNDJ+Q6JvgrfYbwYtYI9DYuykS6ICh5Wt62hxWcX7mxIlbbEZRm1NzeYVU2zHxVMttxmle"
    "U29ir4dV6lzR25eOJJ01NfUnIbPPIlnr5be+KLvda0Y681fe7Vdyv4qr3WdC/UbIRb0teE"
    "t5NzSaL2CndkTpXruSLlOrWbEowgneWUXv+fw7m8XCEevxMkdNO1CtwPh00YfzzeJrNKkl"
    "mJcABGrAm08fjNzePOgCG0rsVh3e6UZfcdy+6ffU3eBtpn2f1eqNkIdn86PzL3k9Sh/moZ"
    "kp/uruD60dG7zlSPrJl++Eh8Ohzq21t9HzAU+NiFHETnQRCAxXx3Mxzo216ByyAfqd3NqY"
    "SCHi4nCuACMqFqhtA0n45Y87Oe4KUUVmeU047iogxL6GrdtlXgEJbSj3j45rjHOrFe9WHS"
    "xGu102opZo+RtgapwCB95IjdIiHmQGfMUbKzwhjpjCGfj6t7jsdAH6Axz6CrZV/9Ng9gvQ"
    "ND9csUi5E2Bsss+wG4m0A/RHcqqX33J6fkrgtU0lr/fH/3DjygQJ3urI47cuUfUnCkx+ae"
    "Wz+Drqa2fOuGlGlToyxO7aS6jbnZg0DMcQR25CCQLYQzuYDUpbZJmZ2IDq87pvacroNR0K"
    "4+GqwNbJO0xkJgJ+DddF7DRoc7Njr87DN7G7w0Gx3eCzUb4YyfIobdUScfFp63dyviwcsR"
    "xpR+lJqSQgpfYEUiV9LcgOpKrEi511lqpMspZ7mV3k5elD0s+XUN3ilHVRyW/DrLPNUr1Q"
    "DhaPgOovvy8LCOw3R4WO4xqb7c5VCi8FSbn26vr0oo0VIkayixK8A/wMd8G3MCFeAqMKo5"
    "fpbOZ8ye+gDF8Z/VjH35PxzuCZg="
)
