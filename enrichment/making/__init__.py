"""Making a lead or contact of the CRM out of a person here: once, whoever asks how often."""
