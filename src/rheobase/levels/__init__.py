"""One stimulus at several levels of description, and what the coarser ones get wrong."""
