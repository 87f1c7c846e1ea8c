"""Consents (同意): given and withdrawn by the person, for a stated purpose."""
