"""Fields that an organisation adds to conversations and people: what there is, and what stands in them."""
