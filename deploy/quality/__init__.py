"""Checks of the whole project that are more than a test: pins, bare machines, upgrades."""
