"""Warnings that point at the line of the user, not at ours."""

from rheobase.errors import warn as warn
