"""The JSON API: addresses for programs, each with its own way to say who is calling."""
