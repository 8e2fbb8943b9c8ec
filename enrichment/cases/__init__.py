"""Salesforce Cases for conversations: opened by hand or by rule, their status both ways, comments sent as answers."""
