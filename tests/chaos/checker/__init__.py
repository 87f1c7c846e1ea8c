"""What has to hold once everything has healed, looked at from outside: by SQL, by the APIs, by the offline verifiers.

No rule of a service is imported: what is asked here is counted once more, from what the clients were told.
"""
