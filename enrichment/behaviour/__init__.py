"""What customers did and ordered, out of their shop's events, files and the CRM: whose it is, and what it tells."""
