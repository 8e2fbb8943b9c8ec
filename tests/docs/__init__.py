"""Documentation is tested: what the code has stands in docs/, and what docs/ names is in the code."""
