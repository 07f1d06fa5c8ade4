"""How fast and how large, against what a user would otherwise run: ``python -m tests.bench``."""
