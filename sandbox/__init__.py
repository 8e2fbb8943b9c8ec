"""Simulated platforms and a simulated Salesforce org over real HTTP; imports nothing of the rest of the project."""
