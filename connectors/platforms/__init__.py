"""One module per platform, named after it; each offers `connect(account, tokens, budget, …)`."""
