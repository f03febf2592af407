"""Settings are read once, at the start, from an environment that is passed in: frozen, typed, each explained."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from dotenv import dotenv_values

T = TypeVar("T", bound="Settings")


class SettingsError(ValueError):
    """A setting is missing or unreadable; the text names every one of them and never shows a value."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What every service is told. The environment name of a field is its name in capitals."""

    internal_secret: Annotated[str, msgspec.Meta(min_length=32, description="Signs the identity between our parts.")]
    tessera_home: Annotated[str, msgspec.Meta(description="Folder for data kept on this machine.")] = ".tessera"
    amqp_url: Annotated[str | None, msgspec.Meta(description="RabbitMQ; absent means the in-process bus.")] = None
    host: Annotated[str, msgspec.Meta(description="Address to listen on; a container says 0.0.0.0.")] = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="Port to listen on.")] = 0
    log_level: Annotated[str, msgspec.Meta(description="debug, info, warning or error.")] = "info"
    otel_exporter_otlp_endpoint: Annotated[
        str | None, msgspec.Meta(description="OpenTelemetry collector; absent switches tracing export off.")
    ] = None


def environment_with_dotenv(environ: Mapping[str, str], folder: Path = Path()) -> dict[str, str]:
    """The environment on top of the folder's `.env` file, if there is one."""
    from_file = {name: value for name, value in dotenv_values(folder / ".env").items() if value is not None}
    return {**from_file, **environ}


def read_settings(cls: type[T], environ: Mapping[str, str]) -> T:
    """An instance from the environment; empty values count as absent. Raises SettingsError naming what is wrong."""
    fields = {field.name: field for field in msgspec.structs.fields(cls)}
    given = {name: environ[name.upper()] for name in fields if environ.get(name.upper())}
    missing = [name.upper() for name, field in fields.items() if field.required and name not in given]
    if missing:
        raise SettingsError(f"missing settings: {', '.join(missing)}")
    values, wrong = {}, []
    for name, text in given.items():
        try:
            values[name] = msgspec.convert(text, fields[name].type, strict=False)
        except msgspec.ValidationError as error:
            wrong.append(f"{name.upper()} ({_without_value(str(error))})")
    if wrong:
        raise SettingsError(f"unreadable settings: {', '.join(wrong)}")
    return cls(**values)


def _without_value(reason: str) -> str:
    return reason.split(" - at ", maxsplit=1)[0]
