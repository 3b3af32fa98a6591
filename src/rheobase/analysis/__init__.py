"""Analyze models and results: rates against currents, fixed points, statistics of spikes."""
