"""Ion channels and membranes: equations of currents, from which point models and patches are made."""
