"""The hub's identities and its server: who is an operator, an account, a user, and what each may do.

tokens     NATS' JSON web tokens: written, signed, read
authority  a folder with the province's keys, the members and what was revoked; issues every token
admin      what is told to a running hub: accounts as they are now, streams and durables
server     a hub on the embedded server, for the local stack and the tests
"""
