"""Every operation of the three services under made-up requests: ``python -m tests.fuzz --cases 100000 --seed 1``."""
