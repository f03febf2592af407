"""Who has left, and each tenant that was deleted and is not erased yet, has a job."""

from tortoise import BaseDBAsyncClient

from shared.members.schema import jobs_to_leavings, leavings_to_jobs
from shared.tenant_closures.schema import deleted_to_jobs, jobs_to_deleted

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return leavings_to_jobs() + deleted_to_jobs()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return jobs_to_deleted() + jobs_to_leavings()


MODELS_STATE = (
    "eJztXWtv2zoS/SuCP6WAt0idpuldLBZw2mxvFk1SpG7voyhUWqJt1hKlS1Jxje7970vKsq"
    "2HHduUaMvKfCkaSaY0Z6jhmQdHP1tOQB8w40iQgD7vYkacUeuf1s8W6nPBkCPkHwPkcdy2"
    "WigM5V+ZX7Tk4T5yxhPEXHswtgcEey6XV335mj4TdILcKRcJlDr0U42qbkio4PH9ffTD9j"
    "AdCvU4L05P/1Y/6ttO4EU+VY+hnmZ2zMUDFHnqSVu2fXvXsz9e9Ww7ORnfwxbTEM/GVVd9"
    "7t6/+bV7fyKHfaYuC6SgHlZnbpNTndm5+KaL0WnkefEB7jASxuIvDwaOfHxCh8tDyzurkd"
    "+MEPuPOqJuOMQUMySwm0KXUBf/yByhyMcpSdWwqB8/5/yKcCpGAV3cQz6BujCi5K9ocZmU"
    "YQO6nfPzArpKw4l+yyAsh16LcHyuHginpK0Q5QKo8rzAVOiC+t+Pd7fqtM/5X14ay5Ob7u"
    "95mN+8v7tUh8KAiyGLR4kHuKwScjWgJuQpLDZD7hJHWP+zPMLFCui/7vL8eRs1e8LFn37H"
    "z13gI4qGsQjJECkJCpZT6aBg68LknrEi82/iUI31j86LlxcvX5+9evlaXh8jsThyUZhGxN"
    "WdQde3vSrVf03FSu0LFmWVnxyYIzcTYLPaCc2qWw2jHl8kP2uhBeqza2wRDLEYYRZDry7N"
    "KonyCWZdzwsmiDq4FuvcTP+/dDpnZxed07NXr89fXlycvz5dTITiqeKMiDiWWgnGmHLdqX"
    "F5/U7NjowRKU6XU+25ckmG66bLZmORk2/3mbO9jfalXRrpgvi227uq8gV7KxHShGwhxxbW"
    "VQ4qiI+fq/9sZV9bv42QsFD8OnFrhB6w5ch1xiLU+hbf+Jt1QgS3BoTJoy6atq1PvTfP2u"
    "qCmRqfW9fyPAsmFuGWFzhj7FqTEfGwHDUZ2OrjIZFXtnJI7f3mxtaMnDnaefEoTF65oiIq"
    "bP0FImYTZ6+e5ZnDp0/Xb3MTu/WvQUQdJYgVRcR9rv55+e+W9lxXt9hyrueWk4zUm6d7/L"
    "SxQI+vLbF2bDRXD99xmXmPET/MEoMiEdg0mKTvlxyykZuGdNN8wj9CImeAjbQ5a+/65upj"
    "r3vzIUNclZ1UZzrx0Wnu6MmrHJldDGL9dt371VJ/Wn/e3V7lZ+niut6fVVthZR81LXEWxB"
    "3NsfrPlj5dJUxCPihmD3tiE6W0UopQrBDTJKkg3OYiCG1pSNQT6oJ6d/c+8xpdXucgvv10"
    "c3l1f/Iifn/kRUSsQX4uoSb0QeBhRDWxL4KxGfq+vKMm9vtcE0tN6B0WwDyklayA20Mq6T"
    "hrNqApCcvBuYI7dxccUygiKyloJJ+DWRPFVBF15WGcEFWLCMtHU4sL4nkxy51RVxq42GJS"
    "okl8SUTl+fhnycCYuit48z5vbJYzz7hVeb78xIiyGYbsKWVsz47fyLl35LTYYVhBDrS4DC"
    "3OglgdLa5OzSELvmNHSO16GNRdUt2rwUypPbFVB9d6FLrwcpfVdhZE0z7vTtkTH3MuiYY8"
    "Eumn4qqMjOt7sQVRKvRhdaAtmTQugvriAKDulAvWDwnMl7/+tMFuVFZI846pS5haY8ZYG9"
    "Te1e+9jNku5NgXpvv93e27+eX5xHuF8PfwD92pnIVj41qrX9gwls8AiKeAMFlFMmdSjQ7A"
    "ZIXcOHXLGg4IElYPKREeBqOQRkLTAtehvimO2rQh4HbQgJsjlbAu0PYlt9ov3/avq2NwNz"
    "PnoQWhuCfvrdc/FIddAlouW4eQxhACb81Uco0DbzTy+5hVFxwyUrq8GeGlGBBtO5poG+oH"
    "kbCbX7dQkNO45yyN/ShoOqppGY0jqlh+s/FMSWg+DlFy01WjIhE7bbrSj1ASPk/z6qLenF"
    "LHFBBGyxwZDr2pLYIGm420iBARPsKIsBoHzPASCF0bXJeA8DyE2Ia48MHjwnZSDLI+Ppxh"
    "XbEPuyYy/AExQRwSStvQOu7o8PeAUIgolYsoZTCsVUDJQ1zYDCPXbkhoaZVARmuQwNOskt"
    "+wABLeOA2ESR8T+Dls69oZUIPbug7DwNNUDVh4DVh4uFTIVkx8PiPXUPF7jJwEj4O3qikm"
    "5f3gO4EFL42EyRVvXu3faAudFXIPMSmgEUAjnjyNWCwzwCFqwCFYoo31BGKx3mTN5WNkIs"
    "0QjjuoByWfrfJRvSMo+YTeU+XVvLb3FBR9NkjLNS76hN3WxqCF+s9NcJbshRe3Qio3c2vd"
    "VTcnn9H6W2KHLHggrn6WrlEBoxweGxdm/ahRWjRAvoCHQeT9wMUeYJ5GwiDasCu+iGbphD"
    "b2Yl6Zjghot4RVz/Hl6/pATj8inlAtt9VXHkrEcrqMoal2hekagTevjWu+TbENzFwgEWnj"
    "asRStFQE6gHra6GEtVjCYTKbwiPfRwz6xOSwMGihBRqWmuR1Nx5z+YzaCshXQaOSvTYqqd"
    "zwQnqw0tk7CdiYh8jBNsdchVKaje06cUtx4VqkYXNZN0jDHjINm+f/W3W2ho46kJE5mvQq"
    "JN4qUHONE28uDvW/Y1ebHTELKQ6ca2vIBqPa9K6pILVWG1DNpdEgK2x4/xu0BtnQGqTqGG"
    "ByFzsYNNhHzQppPEuTdiia7fyvkNQ4ugOMXeWI6cLaqI+2p8HYXEz46EfbIYNeuww6Yrjp"
    "qYWMjObz57AhfH8bwuuYRXcCP1z2QWtmIh0yktVnJJcepc2DiDlgRdbDYjZXmbS3evLMb4"
    "HEHmgfZIiPKnMJXeDqkbTc3ABulfu8rhHcbSDIgDiwYTRetCDVVf+MZtw4DXRcQscpBDcv"
    "85CxPkYV1zhjDZmr7SmyXIcb/9GFlIjGI3WYCiKmzQY0I+O+EI2H0zXXTQpe5PAwGMfHD4"
    "0P46dFNB+Og68bw9eNj3ofJ4ToYdMQbBqq9/xtVEg4EzxsQ1z4oHFhmlLGIy0FU5Rqvs4/"
    "0k8wreFr2g9+tI47RgzBpVajg0sRjYObDWhDlpcE6s2PJmoXMjzADFMHa9cpGSkqWNVIQa"
    "XxS6x+JUoNcihtYUZKVxyAgwRdwIGxZ/kc0Pb60HabKJU8UtqRebkfoe0fZoGnzwRP4p8e"
    "M2VHvMQ2ImDrS/yMEfViJQ6iNsfacbMKvwpdCvhyH4VOgbAZ+RJfhCZSv3IgjPynjXcWB6"
    "OQP+3kBTDJ+jHJVm+ErTGeWoRaki5Yaj3uI44twq2TBWtoW0ultq3kcZ61rcmIOCOrFzAR"
    "EPkbabkkK7E4mj5v5SAxeR9TnDdLhsrz3X16kfWhvZX4lQX2O58nD7Fy1hPfrDHalgbfR8"
    "de09zHSECwugz9TSFYx2pmKFqvQMf1L1ofEEr4CPRcTs85FCsrXq+kD5cnF4EG5J1ygpjM"
    "k0BHE6MOFWYsYPJvFwqYinAYLMwl3OYiCO2J5KhYe1ZXGJSZI3GgqEwODKORGfh4sgFDAv"
    "15HuvPY6I02g+bH1xcymh+BsNHybLYr/oiWeXzuI6delhEqUL1ELhDn56jrXGB9jDQHuao"
    "8kH7ryxSsfY21BIdtJZIrm7bf8ZCKuzNKKLj1iEyJBVE3AaEcWHH4arqIm6lTIF+0C0ni8"
    "mgW3yTaj/QVgq0Mp9iW8qyGTEoG94XparJajQzbuWXJGlUn1qufylylUuT7SiNrM/x54xg"
    "8hAr0vofR4jhgyxbkPetVT6w/nlf/CMkEkJQcxk1Z0E0lfWF9OR+05MuGWKu/VpcJpGSxR"
    "vxuXt/eX3bvf9jdXzwckVk5fKP3lW30gJmQhHTJrMLPLbIkE1FepfITrhDiszAZAYXAerB"
    "dwa0UfG/GSlvQwTwoBFArrSwfQzwo5AccYi7nhcIX30W7LidKsTHUkl2RAXRr1cAvp2HsT"
    "LGXaH7HNABYT440CUd6ByMtdR0RCFQUlrPaRAN103/0umcnV10Ts9evT5/eXFx/vp0kc4p"
    "nirmdZBajMoUTl6/U3mdjPaqLK2+JEP9RE9auAqzPNUgL/loM1GfC2YyryZIzcrLWgOWbM"
    "Hff6vIcsVlRXem9U2p8JuFqGt9m79D8k+GrTgU8tzqMTIcSm5qBYN4Y6pPhmzWCs8aYxxa"
    "yQATIkYWliR2arFgIq9EwoqNIy9udd3TPY05ZHlu34adr1oumpmdr3ymHhvN9bOD1xaFYc"
    "BEjzhjfOwuG+TBqqB3hvJgG/1tyic1W/UOVVS9hMLgziLEBHGgHzXOYWEQcXk9n5vOJw95"
    "GgyjGwfgW6iLPQN7+f4pZK8ge7UzoM3KXmUodRuyWIfNYs20YYtYHds7Rr34Hb/B8cdOj9"
    "svgq6Xtet6WZ1yvweEgs9bTsEZDPdWE+gSHnpoasdPAQS1CIhBXwz7qERav0mgL5AwjbY9"
    "xlNAPI+GQdQJtyVdIQ9PvHdyBoYtymFLdU/2Z3zxqQO+hMEo4PGLNELUhTgmXoGHQdui7g"
    "jIL5HP4WEQeRYA5DgNhEGsIfC2hzbiJluHH7pdeCaI1IaaiRrVTCSjzphK+a/kfFJbhN6i"
    "aetIO2DMcs7avRxq0/0iJUftaiKdwA89HG+MFMEYU220tyuQLOcClKmRXClo7dSR9A1sti"
    "oKQpqsW3WRdoRHRZarjgjrhiFRPjKzTbBf14WFfqh77ocKzTv33bwT3Kijql9YUNk2OCw1"
    "cljifpm2XJzWOyvJyrWwpOkXfJ0j8/f/AV65FoQ="
)
