"""What is said about a subject: saved queries over every message, and the reports made of them."""
