"""Models, networks and experiments described in a TOML file, and what running one leaves."""
