"""Webhooks and what is delivered to them."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import tenant_policy

RUN_IN_TRANSACTION = True

WEBHOOKS = f"""
create table webhooks (
    id uuid primary key,
    tenant_id uuid not null,
    project_id uuid,
    url text not null,
    events text[] not null,
    active boolean not null,
    secret bytea not null,
    previous_secret bytea,
    previous_secret_until timestamptz,
    paused_until timestamptz,
    disabled_at timestamptz,
    disabled_reason text,
    created_by uuid not null,
    creator_role text not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (tenant_id, id),
    constraint webhook_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
);
create index webhooks_by_creation on webhooks (tenant_id, created_at, id);
create index webhooks_of_project on webhooks (project_id) where project_id is not null;
{tenant_policy("webhooks")}
"""

# Every attempt rewrites the row, and most of what is in the partial indexes leaves them soon.
DELIVERIES = f"""
create table webhook_deliveries (
    id uuid primary key,
    tenant_id uuid not null,
    webhook_id uuid not null,
    event_id uuid,
    project_id uuid,
    type text not null,
    subject text not null,
    body text not null,
    occurred_at timestamptz not null,
    status text not null,
    on_demand boolean not null default false,
    attempts int not null default 0,
    due_at timestamptz not null,
    lease_until timestamptz,
    attempted_at timestamptz,
    duration_ms int,
    response_status int,
    response_body text,
    error text,
    created_at timestamptz not null,
    constraint webhook_delivery_once unique (webhook_id, event_id),
    constraint delivery_of_webhook foreign key (tenant_id, webhook_id)
        references webhooks (tenant_id, id) on delete cascade
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
create index webhook_deliveries_by_time on webhook_deliveries (webhook_id, created_at, id);
create index webhook_deliveries_due on webhook_deliveries (webhook_id, due_at) where status = 'pending';
create index webhook_deliveries_in_line on webhook_deliveries (webhook_id, subject, occurred_at, id)
    where status = 'pending' and not on_demand;
create index webhook_deliveries_leased on webhook_deliveries (webhook_id) where lease_until is not null;
create index webhook_deliveries_old on webhook_deliveries (created_at);
{tenant_policy("webhook_deliveries")}
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return WEBHOOKS + DELIVERIES


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "drop table webhook_deliveries, webhooks;"


MODELS_STATE = (
    "eJztXWtz2zYW/SsYfWk6o3oS57ndnZ2RHKf11rEzjtI2zXhoSIQkrClCJSC7arf/fQG+RF"
    "JURIMESdH3Qx8mKYA4F7w494GLv3pLj/2XTMTRgHh0Mu99j/7q4TEXHp4I+ccUO5z0UQ8v"
    "l/Kv6OGevDLGk9t77NnW9NaaUuLYXD7w5Tp5hx2zzC0bC5y49FdvwlzVF3UF97te4D8sh7"
    "gzod7k2dOnf6sfja0Jc1YLV72BepHgmk2meOWol+xZ1sXlyPp4OrKs8KbfhyXWSxK0q576"
    "eXB18uPg6ols9lv1GJNjdIi6cxHeOg7u+Z3Grbsrx/Ev8IlHl4IyN3GRTeTrU3e2ubTpWb"
    "V8MsfeO3VFdTgjLvGwIHYCWOra5I/UFRcvSGKkqlk89t8zemK5FnPmxn3IN1APrlz6+yp+"
    "TI5hD7rHL19uoXtHPK4GWBJh2fROhP177UA4MdoKUd4CVd4XxBW6oP7n4+WFur3g/Hcnie"
    "WT94NfszCfnF8O1aUl42Lm+a34DQyrhFw1qAl5Aov9kNt0ItD/kEO5yIH++iHvn9VRwRvG"
    "fy6OF5kHFtjFM38IYRPRCDL6UsG/peaWYXe+DLMf4Uw1893xsxevX7x5/urFG/m8D0J85f"
    "XWDKK27uQ5uxhVKfkzV+QKXnirtNzDCxFowQD2S5y6aUmrZtTri/BnPRyjHjxjCTYjYk48"
    "H3r1aCwfIfBkvpCT7ZxMBbvzH6l1bcMrwSyX3Se7Ci9Z2E5+Hfs0CKfuhOhOgdHZ+9OPo8"
    "H7Dykl8nYwOlV3jv2r68zVJ68yiiVuBP1yNvoRqT/Rb5cXp1ldEz83+q3KefdWzjNBF0RT"
    "68T4FdA5YU9H0f8UXFqDr/ofx8fPn78+fvr81ZuXL16/fvnmafx5b9/a/s45/VNbzMOzH9"
    "THnpJaxV//kM52KYAiMvizoAiySqD4SiuXFuwKS19d+svq82DyJ6f1p09nb6tEUrWniWNq"
    "jPvBXK2ofeS/fpEVtDdwERsrNYjEHAvkMoRjPYo8MpWMCQn2PWIukf8gKji6x2tE3T5inn"
    "/1fs44Sf6KcjSTN456GWBM92Vizd9eUx68/le4uD9gtvb+NV25EyVl5M8I9a8X/+7VMYE1"
    "qUD+xN0mBLFIpGUTyIQXoQdDh40PlxAItprMiW1hbasCWEEGRNPU4EGEvwwRqInyt2PFL2"
    "lbD0NzOf4ApGk9PLsYXH2Ojev4Kzi/vPhhmGNeDz+PTgfV0iwXe+tKDexQB2dgH68F4ZrA"
    "35KlsMbrDhOtxAj3Ivk1llUETT7Hxy9faevy019HX/cQpSZx9HjWbVQh7CPyh7bWiKEw6Z"
    "MDS6G0pYBCVSPZuLSu0ZJ4KOjxCP0kP53oNkdzfEfQTfg53fwTMUXIFJenkvkzNCYB2Sey"
    "Fdun9sFFfi9/kWM11NevAQvCp51gMzRrM4ylEHYZCV8SCmjzAV2nbIcTtlAGR+9gzYeJRx"
    "T0YD6UMR/SIFZnPlQnZmJTkHJJKacw3MsD65fxamnDp1xWyGkQW+UJUPOPV+cKeKoNsb4f"
    "IB5ChY4AHShLJjdsg/msATAflLOg71eR2mjOvG7bR6kxlrOPikA6Zra2u6RTFn4EhEn7Xt"
    "JzKtbdnr+pMZqfv2F3fnMwjbfwMDmbKZdYO0S9mSbyw8vL8xTyw7MstJ/eD0+vnjzzxSAf"
    "krQ3f9WLRqfp3GbMIdjVxDwNxH7Ix7I3TcyVhS+HJlnhihO1SmizMPXNfbmuctYOPA/rBg"
    "jyx7Ufyh1ZeEWgXGKPdN3Zmhqj8XhB6FvqOKSpQRrHFEICJUMCtabfRj7YPvjSG/WlTwI5"
    "FMq5CWV2atMD9p17ZOngCXjcynncMigac7mBFd6kFR4qh26vqelBmrfDgaeUTV34RaUbYx"
    "QKDnFMbTQmU+YRxNmCqC8DBXEfRHMyEB7+c3P8x19LgQO1ggNZcaCjIBH6KPABb0qCJIIK"
    "eJCpJAJYmWFlbvvKXATS0EfZYUATI+yCQ8Zf04CQtIOQcCmM3YmOafUYzcN0quM76rcIFA"
    "UoSnvzHCEHrgIxtzgHDnbDQRJcE0lwDnZnK8l6wF+cAWNvLFbfZbzEYg54J4Aw6Z9XfVi3"
    "BAIiWTCMgv6oczcM+QlgAy1soG2zr6th54xvxvfBK9OoV2YqhVAoPKSkdTKXfKt21wsYaz"
    "uNtXyie1i2WkNo1mSuqe+r2wtSYoTmKRVYv/3arV+mXdy6U2izqitfg5uhUTcDWLzVq2ew"
    "eL9u8VatmsHgrSjtMmSDyKa2qrik6rgqJbQzz/JrzxsylUPjq69Z271kFWj9KdZsDejais"
    "D7NHjiy2h3dkO0sKX1cmSKbGc5jDxyiOZ2gAVb6dfAbEeRkPQ4uhYkbQJRM1Z3NSpOMIEd"
    "y3y5e33cS9W6Tw/PpM8DWElZVnLpBjUkQ+Ue1KKfY1U+0ka+y1auQHOCXHJPuIjYyDdcDn"
    "MxJl4fYVfxEilwvk1hqm7cEN/x174Hs51m7bz2hAmqsfzyWY6QkikUM/gQchPI1XzMSXzt"
    "z9UMy7eAmMuIOQ3iXqcHZOQepJRbnJELWaTFKTr2JnN69+hLdyVh2A93icJdycHpKp8uec"
    "czeBh0kfs9AuQbIEwG1di92/Wtkckhmg+ogSulckjvKKdjKtcjyDDfhkNXOTScSvph40KA"
    "bNIGs0lDeTzEOTSQONyp2XewTiI2maw8DwzLcoZlBkVjluW2KTQRnS8qnxjiXqpddn0NYu"
    "B29LGVWGPbU594e0z752eJ2sRQKL7yWQmF4nPhj/CATMuS07nuTEswDKuHFHRDiHtJpZCT"
    "0HBD7RtEuZ9XQO6k8vkmJzFh10PmDMbY+OiD4dgGw9HCCYEUNCDf4TvmBdGFAzUgIcugV9"
    "5+bKpoJbAbYDeHwG6gaOWh1EXIrmvATdrBTaahQL6yvSOlJvOLV4bSfU9ULi1wFuAsrc6M"
    "hJy5CsQMOXNFQG59zhwwfQO01GMOON2SQJj0xINZBWbVw1evbplVIfHug1HVCqNq4YujEp"
    "NqhGc9sKceM9Fu7uAih3nAYpJIQEZ/NzL6weiB8EbTPLwdxFHRC2CN7WCNAs8K5Zh/FFJz"
    "z8gnXnt2gJEKNZL+Gi7D1VBtmmhguu67nIyj4VoQjtgUYcdBt2QpkBSJUKfC+xdRoJ+2k5"
    "Ae8DsDuiYxYcvrmjqXmfaonEoWni3NwwPBWCtOiiieEea3dascMEYfhTFaYdkTOYNBxGVK"
    "nsQA7jV3IXR7kBJucegWC4Enc/+w1A6U2swbTYXBXIiNG64nwzmduaTjR11kRrlX6ZfeSh"
    "lSiLF2qYIDADU9SPPONyjFkyExtZXikROQloH97eWn4fkp+nB1enL28ezyIk1A/Jvq0qbY"
    "1NXp4LxKlN85DGufaZEY/P5JPlU9abvsqcpThfImWTAgTlJSVdd+nIjAYlWqhEBn5vEGCk"
    "gQKzeJ695VTAVkOJIUErozuOE4oO/T7UMEsNEIoJBCKBT6U9IaxE6FHvjiH7Mbr/2+ePDW"
    "ViDmFntrwZm4D86SuRHmz+0pNbNLpUdUf/IzuBrr4P638lWA+ieAMGm7LohNcdAOQJ6FA9"
    "KxIR37YNR07enY0lTsNqKJEUJ2+wE6EVeeAyp2g4PmatYC/2HCI9UHT2LjnkRrk3ZU2Kl4"
    "4qcndWE7Qam0sbbbzCayyICOQdQXor4HOYnNntf8k9onNF6r7UEenc2Id4RGc4I8du/vGm"
    "LqxOXwtGV1eHIgVoQ9ggRDY4KwbRMbrZbfI06IX/94QWdycLL57R1KpjszRH1OIoX8MNZT"
    "zVKnP7ebXedCClSaE2WXuHw25K+ZhYnQOR4Tp24iBIHVVkXcILD6KMQMgdUiILctsJpj8E"
    "GdGqhT08nAiOrDuiWQ9J4FA6JRUXsH4v4Aa/yQigNtDKE++POb9+c7ShS7q0kmFWPiu06X"
    "kxz5k/PQC/RjbrEpmDzaJk+MnzFrZ0tkNuVLB68tII7R1tQMIAbJOllgCjH2FBKm0Qa6nk"
    "Q8h69XjTrlwfl6+nnSl5fnKdSHZ1lYP70fnl49eeaLYLMRu2qHOWMOwa4m3CkY9mv3sexM"
    "H/BFXG78UQO+gcEo4P6HNMeuDVsuSQ4ehp1dgHzGBVML8nCCyu4TVKrGGk77KJMlobIUJM"
    "tB1PWzDpTxO8acqCOfn8QeoT4KX+HbPrqf08kcjZgnGJXPTbDrMoE4Xm8nRVTctglPUdKt"
    "0Ifirlo+IzPFXcNW951Fkuo8/yiSn8NA3sG6jSArolfed1TTOSRaVSNV8peuaCu2KkpUi4"
    "xGUWG0XAdNmzhEdADPxDgaRnRKHVJ1PdOGQE0PpWFcwwyegwc1MY6GEa088aghRNtc1EEw"
    "gR2ry6Ud0iM0mfwlCeGcddx6TY3RfKoG1Heotb4D59LCBrzTWBj0dkF6F6R3PfL0rp835A"
    "iSuxpM7gpJatFzgiNOm3bO/ULGc8bgXCZwzrV7y5JNuXolkHO5w5nSKO7lSfXLeYnVuYfW"
    "yhUlUs9A0FkY2yhpj9xRtuIWJ1L9CBB5WZHvwrOFsocNqBUIHDagFgG5bU7gbR8kpJ/2as"
    "o9hYK+Bpw3fn/MsyDnLimABCAmHcAxoZd9cji8jezAxOS2jbuoUJ4u8F+uqwRu4Hl4rbvp"
    "Ih7L/jnrUK5fIS7FVLWXPjXlkpNWztnh2cXg6nP+rI2eT+rt4efR6aDawKeLPV38c4DZO3"
    "PHa0G4tiAeczDDzPmkMKfT8OdO5V3UrsRchhgSVFiurcLyg3jcjqz/4MMIihBygiVhOUI3"
    "Se54g4Lac8j35Pgp/BO2XKt6hur/g8nwDUdhija6dVW1Q/+xoJX8HQE19Wsg8BjFqvoQeG"
    "w08HgfyKFQUcRQZm+JIw18b9072DgjFoIsluC0LFtCIgNjC53TEFGuQM4HEFGWagtEXCaY"
    "HAPYRvE6BHMCQcWSMs6g2EJtzSaTleeBui4n5wyKrQomhpRB28e6Hel6qg1zie15iVE0vE"
    "vHXgWV7a1FhZg2tFMnM5a9CsoosPITX8pWiFXuuI7WgJsznuoA3kJvzGyofZUEwmTgkHge"
    "lL0mKSRMBwm77ZtODtF4kEU2ZZMF1t9pVmHaTAREE3kzKRyMps5AqLD6WRwvr7DyZQlHzh"
    "JYtU6GI9VqPlKNr8aRcx8Q32BhEnIIile/V1W1A1N4A4TJ+RtGGrs9gdODLDeDc3INbqh9"
    "o0r+qQD9TdjXd+oamyKiYrIodE0docspup9jge4xR5jfEhtNmYeYiwKSqZrw/PKB6jzF8F"
    "fyv+rUReUK7GWAqrlrcxkHcfS6D5kHbcg8kOD5AqFk9+bnpD2a+MKur//++//MCkom"
)
