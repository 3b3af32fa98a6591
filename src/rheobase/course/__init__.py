"""The course as notebooks, one an experiment, with exercises, checks and solutions."""
