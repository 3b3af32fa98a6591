"""Sliders over traces computed beforehand: pages that move without a server."""
