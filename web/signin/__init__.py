"""How people prove who they are, beside the password: second factors, passkeys, a provider; and what is demanded."""
