"""A node's own certificate authority, and certificates for its NATS, PostgreSQL and services; the same for a hub.

    <district>/authority.pem, authority_key.pem   signs the servers' certificates; the key stays with the operator
    <district>/tls/nats.pem, nats_key.pem         of the NATS server, likewise postgres and the three services
    <district>/secrets/node_ca.pem                what the services trust; no secret
    hub/authority.pem, authority_key.pem, tls/    likewise of the hub; what members trust is their secrets/hub_ca.pem

Files are made once and never overwritten, but for a server's certificate that ends within a month or was deleted: it is
made anew with a new key by the same authority, so that clients need nothing new.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from renkou_local import secret_files

AUTHORITY_DAYS = 3650
SERVER_DAYS = 825
RENEWAL_DAYS = 30
SERVERS = ("nats", "postgres", "registry-api", "migrant-api", "reporting-api")
_EARLIER = timedelta(hours=1)  # clocks differ


def make_certificates(folder: Path, district: str) -> None:
    """Make the authority of a node and its servers' certificates where they are missing. A server is known by its
    name in Compose, as `localhost` and at 127.0.0.1; where it has another name, it needs a certificate of yours."""
    authority, key = _authority(folder, f"Renkou node {district}")
    for server in SERVERS:
        server_certificate(folder / "tls", server, authority, key, [server, "localhost", "127.0.0.1"])
    secret_files.keep(folder / "secrets" / "node_ca.pem", lambda: _pem(authority))


def make_hub_certificates(folder: Path, members: Iterable[Path]) -> None:
    """Make the authority and the certificate of a hub where they are missing, and tell its members the authority:
    folders with their secrets. One that trusts another authority already keeps it."""
    authority, key = _authority(folder, "Renkou hub")
    server_certificate(folder / "tls", "hub", authority, key, ["hub", "localhost", "127.0.0.1"])
    for secrets in members:
        secret_files.keep(secrets / "hub_ca.pem", lambda: _pem(authority))


def server_certificate(
    folder: Path,
    name: str,
    authority: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    hosts: list[str],
    *,
    days: float | None = None,
) -> Path:
    """The certificate `name`.pem with its key `name`_key.pem for some host names, made where it is missing or ends
    soon. Good for so many days, ``SERVER_DAYS`` unless told otherwise."""
    certificate = folder / f"{name}.pem"
    if certificate.exists() and not _ends_soon(certificate):
        return certificate
    certificate.unlink(missing_ok=True)
    own = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [
        x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts
    ]
    made = (
        _builder(_name(name), authority.subject, own, SERVER_DAYS if days is None else days)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / f"{name}_key.pem").unlink(missing_ok=True)
    secret_files.keep(folder / f"{name}_key.pem", lambda: _key_pem(own))
    return secret_files.keep(certificate, lambda: _pem(made))


def new_authority(name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A new authority, signed by itself, that may sign servers' certificates and no other authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = {"key_cert_sign": True, "crl_sign": True}
    others = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
    more = ("key_agreement", "encipher_only", "decipher_only")
    certificate = (
        _builder(_name(name), _name(name), key, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**usage, **dict.fromkeys((*others, *more), False)), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def _ends_soon(certificate: Path) -> bool:
    end = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    return end - datetime.now(UTC) < timedelta(days=RENEWAL_DAYS)


def _authority(folder: Path, name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    files = folder / "authority.pem", folder / "authority_key.pem"
    if not all(each.exists() for each in files):
        certificate, key = new_authority(name)
        secret_files.keep(files[1], lambda: _key_pem(key))
        secret_files.keep(files[0], lambda: _pem(certificate))
    found = serialization.load_pem_private_key(files[1].read_bytes(), None)
    assert isinstance(found, ec.EllipticCurvePrivateKey)
    return x509.load_pem_x509_certificate(files[0].read_bytes()), found


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: float
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
