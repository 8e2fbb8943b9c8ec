"""Subjects that are followed, their saved queries, hits and reports."""
