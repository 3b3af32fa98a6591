"""Describe: text in the notation of the field, checked, becomes a Model."""
