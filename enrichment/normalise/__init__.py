"""Values of people brought to one comparable form: texts, names, addresses, numbers, handles, sites. Pure."""
