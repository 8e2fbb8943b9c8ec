"""The pages: one module per address, each a thin shell around the rooms below."""
