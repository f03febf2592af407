"""All contracts of the product by type name: what may travel, and how it is read."""

from collections.abc import Iterable, Iterator
from types import ModuleType

import msgspec

from shared.events import auth, chats, conversations, files, gateway, notifications, projects
from shared.events.envelope import Envelope, Event


class UnknownEvent(LookupError):
    """No contract has this type; a newer publisher may be talking."""


class InvalidEvent(ValueError):
    """The data does not fit the contract of its type."""


class Registry:
    def __init__(self, contracts: Iterable[type[Event]]) -> None:
        self._decoders: dict[str, msgspec.json.Decoder[Event]] = {}
        self._contracts: dict[str, type[Event]] = {}
        for contract in contracts:
            if contract.type in self._contracts:
                raise TypeError(f"two contracts are called {contract.type}")
            self._contracts[contract.type] = contract
            self._decoders[contract.type] = msgspec.json.Decoder(contract)

    def __iter__(self) -> Iterator[type[Event]]:
        return iter(self._contracts.values())

    def contract(self, type_name: str) -> type[Event]:
        """Raises UnknownEvent."""
        try:
            return self._contracts[type_name]
        except KeyError:
            raise UnknownEvent(type_name) from None

    def read(self, envelope: Envelope) -> Event:
        """Raises UnknownEvent or InvalidEvent."""
        self.contract(envelope.type)
        try:
            return self._decoders[envelope.type].decode(envelope.data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidEvent(f"{envelope.type} version {envelope.schemaversion}") from error


def default_registry() -> Registry:
    return Registry(_contracts_in(auth, projects, files, conversations, chats, notifications, gateway))


def _contracts_in(*modules: ModuleType) -> Iterator[type[Event]]:
    for module in modules:
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Event)
                and value.type
                and value.__module__ == module.__name__
            ):
                yield value
