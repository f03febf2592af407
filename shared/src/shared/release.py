"""The version of the running release, the same for all parts."""

from importlib.metadata import version

RELEASE = version("tessera-shared")
