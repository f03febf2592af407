"""Imports the packages that share their name with a folder here, before pytest takes the folders for them."""

import gateway  # noqa: F401
import shared  # noqa: F401
