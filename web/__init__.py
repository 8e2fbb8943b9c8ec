"""Every way in: pages, webhooks, live events and the command line."""
