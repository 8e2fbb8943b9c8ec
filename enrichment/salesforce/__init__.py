"""Salesforce behind the CRM port: one client, one adapter, and the objects an org needs."""

API_VERSION = "66.0"
