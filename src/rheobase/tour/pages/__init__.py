"""The chapters of the tour, one module each."""
