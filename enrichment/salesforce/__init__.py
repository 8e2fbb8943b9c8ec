"""Salesforce behind the CRM port: one client, one adapter, and the objects an org needs."""
