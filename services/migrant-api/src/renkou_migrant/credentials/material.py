"""What an offline verifier keeps: anchor, trust list and status lists, never older than before (核验材料).

A folder of files. Each list is kept as it was signed and verified again when it is loaded, so the folder
need not be trusted for anything but its age: whoever can write into it can set it back to an older state,
and what it holds then runs out and answers "unknown".

    anchor.jwk          the anchor, put there once by hand
    trust-list.jwt      the trust list accepted last
    status-lists/*.jwt  the newest list of each name
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

from renkou_migrant.credentials.jws import VerifyingKey, parse_json_object
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.status_list import StatusList, verify_status_list
from renkou_migrant.credentials.trust import TrustList, verify_trust_list

ANCHOR, TRUST_LIST, STATUS_LISTS = "anchor.jwk", "trust-list.jwt", "status-lists"


@dataclass(frozen=True, slots=True)
class Refused:
    """A list that was not taken, by its place among those given, and why."""

    position: int
    error: CredentialError


class MaterialFolder:
    """The folder of one verifier. No network; one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, anchor: VerifyingKey) -> None:
        """Make the folder with its anchor; raises FileExistsError where there is one with another anchor."""
        (self._folder / STATUS_LISTS).mkdir(parents=True, exist_ok=True)
        if (self._folder / ANCHOR).exists() and self._anchor() != anchor:
            raise FileExistsError("the folder belongs to another anchor")
        _write(self._folder / ANCHOR, orjson.dumps(anchor.to_jwk()))

    def trust_list(self) -> TrustList | None:
        """The trust list accepted last, None before the first; raises ``CredentialError``, OSError."""
        token = _read(self._folder / TRUST_LIST)
        return None if token is None else verify_trust_list(token, self._anchor())

    def accept_trust_list(self, token: str) -> TrustList:
        """Keep a trust list; raises ``CredentialError``, ``LIST_ROLLED_BACK`` for an older one."""
        held = self.trust_list()
        accepted = verify_trust_list(
            token,
            self._anchor(),
            accepted_sequence=held.sequence if held else 0,
            accepted_digest=held.digest if held else None,
        )
        _write(self._folder / TRUST_LIST, token.encode("ascii"))
        return accepted

    def status_lists(self, trust_list: TrustList) -> list[StatusList]:
        """The lists that ``trust_list`` still vouches for; one whose key was taken off counts as missing."""
        found = []
        for path in sorted((self._folder / STATUS_LISTS).glob("*.jwt")):
            try:
                found.append(verify_status_list(_read(path) or "", trust_list))
            except CredentialError:
                continue
        return found

    def accept_status_lists(self, tokens: Iterable[str]) -> list[Refused]:
        """Keep the lists that are newer than those held; returns those refused.

        Raises ``CredentialError(UNKNOWN_ISSUER)`` before the first trust list.
        """
        trust_list = self.trust_list()
        if trust_list is None:
            raise CredentialError(Reason.UNKNOWN_ISSUER, "no trust list yet")
        refused = []
        held = {one.uri: one for one in self.status_lists(trust_list)}
        for position, token in enumerate(tokens):
            try:
                held.update(self._accept(token, trust_list, held))
            except CredentialError as error:
                refused.append(Refused(position, error))
        return refused

    def _accept(
        self, token: str, trust_list: TrustList, held: dict[str, StatusList]
    ) -> dict[str, StatusList]:
        new = verify_status_list(token, trust_list)
        known = held.get(new.uri)
        if known is not None and known.sequence > new.sequence:
            raise CredentialError(
                Reason.LIST_ROLLED_BACK, f"{new.uri}: {new.sequence} after {known.sequence}"
            )
        if known is not None and known.sequence == new.sequence and known.digest != new.digest:
            raise CredentialError(Reason.LIST_CONFLICT, f"{new.uri}: sequence {new.sequence}")
        name = new.uri.removeprefix("renkou:").replace("/status-lists/", "-")
        if not name.replace("-", "").isalnum():
            raise CredentialError(Reason.MALFORMED, f"no name of a list: {new.uri}")
        _write(self._folder / STATUS_LISTS / f"{name}.jwt", token.encode("ascii"))
        return {new.uri: new}

    def _anchor(self) -> VerifyingKey:
        return VerifyingKey.from_jwk(parse_json_object((self._folder / ANCHOR).read_bytes()))


def _read(path: Path) -> str | None:
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        return None


def _write(path: Path, data: bytes) -> None:
    """Replace a file as a whole, so that a power cut leaves the old one or the new one."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
