"""Outgoing webhooks: programs of the organisation are told what happens here, by ids and plain states."""
