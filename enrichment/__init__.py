"""Who is behind an account, and what the CRM learns about them."""
