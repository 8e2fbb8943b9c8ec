"""How well customers are answered: spans out of raw events, and every figure out of spans (docs/metrics.md)."""
