"""Parameters of a model found from recordings."""

__all__: list[str] = []
