"""Figures with the baseline they are held against, in the same run: `make bench BENCH=name JSON=FILE`."""
