"""The exchange's protocol under faults that are drawn from a seed: ``python -m tests.simulation --help``."""
