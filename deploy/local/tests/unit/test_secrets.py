"""Secrets are made once, for their owner's eyes, in the form that the services read."""

import json
from pathlib import Path

from joserfc.jwk import KeySet, OKPKey

from renkou_local import keys, nats_keys, secret_files


def test_a_secret_is_made_once_and_private(tmp_path: Path) -> None:
    path = secret_files.keep(tmp_path / "secrets" / "one", lambda: "first")
    secret_files.keep(path, lambda: "second")
    assert path.read_text() == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_exchange_signs_with_one_key_and_receives_with_another() -> None:
    made = json.loads(keys.exchange_keys())
    assert [(key["kty"], key["crv"], key["use"]) for key in made["keys"]] == [
        ("OKP", "Ed25519", "sig"),
        ("OKP", "X25519", "enc"),
    ]
    assert all(key.is_private and key.kid for key in KeySet.import_key_set(made).keys)


def test_certificates_are_signed_with_p256() -> None:
    (key,) = json.loads(keys.certificate_keys())["keys"]
    assert (key["crv"], key["alg"], key["use"]) == ("P-256", "ES256", "sig")


def test_a_nodes_trust_anchor_is_public() -> None:
    private = keys.trust_anchor()
    public = json.loads(keys.public_text(private))
    assert "d" in json.loads(private)
    assert "d" not in public
    assert OKPKey.import_key(public).thumbprint() == public["kid"]


def test_a_seed_has_one_public_key(tmp_path: Path) -> None:
    path, public = nats_keys.seed_file(tmp_path / "seed")
    assert path.read_text().startswith("SU")
    assert public.startswith("U")
    assert nats_keys.seed_file(path) == (path, public)
