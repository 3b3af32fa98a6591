"""Gradients of any model: the reverse of a run, step by step."""

__all__: list[str] = []
