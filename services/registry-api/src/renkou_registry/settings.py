"""Settings of registry-api: what every service has, its own keys, and what `migrate` seeds from."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from renkou_common.crypto import FieldCipher
from renkou_common.settings import ServiceSettings


class RegistrySettings(ServiceSettings):
    """Environment of every registry-api process; each reads only what it needs."""

    field_keys_file: Path | None = Field(
        default=None, description="JSON with the wrapped keys of encrypted fields and blind indexes"
    )
    field_master_key_file: Path | None = Field(default=None, description="master key that unwraps them")
    field_keys_check_seconds: float = Field(
        default=5.0, gt=0, le=20, description="pause between looks whether these two files have changed"
    )
    field_key_rotation_pause_seconds: float = Field(
        default=0.05, ge=0, le=60, description="pause after each batch that is encrypted anew"
    )
    audit_key_file: Path | None = Field(
        default=None, description="private Ed25519 JWK that signs the roots of the audit log"
    )
    token_key_file: Path | None = Field(
        default=None, description="private Ed25519 JWK that signs tokens, or a JWK set: the first signs"
    )
    access_token_seconds: int = Field(default=900, ge=60, le=3600, description="life of an access token")
    second_factor_roles: str = Field(
        default="",
        pattern=r"^([a-z_]+(,[a-z_]+)*)?$",
        description="codes of roles, with commas, whose holders have to use a second factor",
    )
    oidc_issuer: str = Field(
        default="",
        pattern=r"^(https://[^\s?#]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?(/[^\s?#]*)?)?$",
        description="OpenID provider by which staff may sign in: its issuer; https, or on this machine",
    )
    oidc_client_id: str = Field(
        default="", max_length=255, description="what the provider calls this node: the audience of ID tokens"
    )
    oidc_claim: str = Field(
        default="sub",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$",
        description="claim that identifies; one that the provider never gives to another person",
    )
    oidc_second_factor: str = Field(
        default="",
        pattern=r"^([^\s,]+(,[^\s,]+)*)?$",
        description="values of amr or acr, with commas, that count as two factors; empty: ours is asked",
    )
    oidc_ca_file: Path | None = Field(
        default=None, description="authority of the provider's certificate; unset: the public ones"
    )
    session_idle_minutes: int = Field(
        default=60, ge=5, le=1440, description="minutes after which a sign-in that is not renewed is over"
    )
    session_minutes: int = Field(
        default=720, ge=5, le=43200, description="minutes after which a sign-in is over however it is used"
    )
    administrator_secret_file: Path | None = Field(
        default=None, description="migrate only: one-time password of the first administrator"
    )
    migrant_secret_file: Path | None = Field(
        default=None, description="migrate only: client secret of migrant-api"
    )
    reporting_secret_file: Path | None = Field(
        default=None, description="migrate only: client secret of reporting-worker"
    )
    visit_months_supplies: int = Field(
        default=1, ge=1, le=24, description="months between offered visits to users of supplies"
    )
    visit_months_long_acting: int = Field(
        default=3, ge=1, le=24, description="months between offered visits to users of a long-acting method"
    )
    visit_lapse_days: int = Field(
        default=30, ge=1, le=365, description="days after which an open offer of a visit ends as missed"
    )
    unmask_per_hour: int = Field(
        default=60, ge=1, le=10_000, description="readings in the clear that each caller may have in an hour"
    )
    taken_per_hour: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="how often an hour a caller is told that a number is somebody's elsewhere",
    )
    facts_per_hour: int = Field(
        default=300,
        ge=0,
        description="readings of facts, ID number in the clear, that a member of staff may have in an hour; 0: any",
    )
    petition_first_reply_days: int = Field(default=15, ge=1, description="petitions: first reply within")
    petition_close_days: int = Field(default=60, ge=1, description="petitions: closed within")
    petition_extension_days: int = Field(default=30, ge=1, description="petitions: extended once by")
    privacy_request_working_days: int = Field(
        default=15,
        ge=1,
        le=60,
        description="requests of persons about their data: answered within; put off once by as many again",
    )
    break_glass_minutes: int = Field(
        default=60, ge=1, le=60, description="minutes for which an emergency access lasts at most"
    )
    break_glass_times_a_day: int = Field(
        default=3, ge=1, le=20, description="emergency accesses of one account on one day"
    )
    external_list_days: int = Field(
        default=90, ge=1, le=3650, description="days for which rows of lists that other offices send are kept"
    )

    @model_validator(mode="after")
    def _client_of_provider(self) -> Self:
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise ValueError("RENKOU_OIDC_ISSUER and RENKOU_OIDC_CLIENT_ID are set together")
        return self

    @property
    def roles_with_second_factor(self) -> frozenset[str]:
        """Codes of the roles whose holders have to use a second factor."""
        return frozenset(self.second_factor_roles.split(",")) - {""}

    @property
    def two_factors_of_provider(self) -> frozenset[str]:
        """Values of ``amr`` or ``acr`` by which a provider says that it asked for two factors."""
        return frozenset(self.oidc_second_factor.split(",")) - {""}


def load_settings() -> RegistrySettings:
    """Return the settings that the environment holds; raises ValidationError naming what is missing."""
    return RegistrySettings.model_validate({})


def required(path: Path | None, name: str) -> Path:
    """Return a file setting that this process cannot do without; raises ValueError where it is not set."""
    if path is None:
        raise ValueError(f"RENKOU_{name} has to name a file")
    return path


def field_cipher(settings: RegistrySettings) -> FieldCipher:
    """Return the cipher of protected fields with the keys that the settings name; raises ValueError, OSError."""
    return FieldCipher.from_files(
        required(settings.field_keys_file, "FIELD_KEYS_FILE"),
        required(settings.field_master_key_file, "FIELD_MASTER_KEY_FILE"),
        settings.field_keys_check_seconds,
    )
