"""Who calls and what they may do: bearer tokens, roles and their scopes, areas from the database."""
