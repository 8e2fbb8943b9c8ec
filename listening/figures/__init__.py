"""What a report counts: one definition per figure, for page, CSV, JSON and PDF alike (docs/listening.md)."""
