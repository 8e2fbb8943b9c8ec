"""What every room stands on, without a business rule: settings, database, outbox, queue, errors, events."""
