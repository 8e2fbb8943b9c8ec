"""Machine translation: a port, the servers behind it, and what they are asked for."""
