"""TLS between the processes of a node: each server shows a certificate of the node's own authority, each client checks
it, with the name that it asked for. 1.2 at the least, and the ciphers that Python's own defaults leave.
"""

import ssl
from pathlib import Path


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return what a server speaks TLS with: a certificate with those between it and its authority, and its key."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def client_context(authority: Path) -> ssl.SSLContext:
    """Return what a client speaks TLS with that believes this authority and no other."""
    context = ssl.create_default_context(cafile=str(authority))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
