"""Labels learnt from messages that people named as examples and counter-examples."""
