"""Describe: who is connected to whom, and what is sent into a network from outside."""
