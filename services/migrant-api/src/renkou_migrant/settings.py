"""Settings of migrant-api: what every service has, the hub, its keys, and the clocks of the exchange."""

from pathlib import Path

from pydantic import Field

from renkou_common.crypto import FieldCipher
from renkou_common.settings import ServiceSettings


class MigrantSettings(ServiceSettings):
    """Environment of every migrant-api process; each reads only what it needs."""

    district_name_zh: str = Field(default="", description="the district's name as partners see it, Chinese")
    district_name_en: str = Field(default="", description="the district's name as partners see it, English")
    contact_office: str = Field(
        default="", description="office that partners turn to, in the own description"
    )
    contact_details: str = Field(default="", description="its telephone or mail, in the own description")
    description_days: int = Field(
        default=365, ge=1, le=3650, description="days that the own description is good for"
    )
    hub_url: str = Field(default="nats://127.0.0.1:4222", description="NATS hub where districts meet")
    hub_seed_file: Path | None = Field(
        default=None, description="nkey seed of this district's user at the hub"
    )
    hub_ca_file: Path | None = Field(
        default=None,
        description="authority of the hub's certificate: then nothing but TLS; unset: plain text",
    )
    hub_token_file: Path | None = Field(
        default=None, description="token that the hub's province issued for the public key of that seed"
    )
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
    certificate_keys_file: Path | None = Field(
        default=None,
        description="private JWK set (ES256) that signs certificates, with valid_from and valid_to",
    )
    exchange_keys_file: Path | None = Field(
        default=None, description="private JWK set: Ed25519 with use=sig, X25519 with use=enc"
    )
    audit_key_file: Path | None = Field(
        default=None, description="private Ed25519 JWK that signs the roots of the audit log"
    )
    trust_anchor_file: Path | None = Field(
        default=None, description="public Ed25519 JWK that signs trust lists"
    )

    status_list_entries: int = Field(
        default=2**20, ge=64, le=2**24, multiple_of=8, description="indexes of a status list that is begun"
    )
    status_list_days: int = Field(default=7, ge=1, le=60, description="days a signed status list is good for")
    check_days: int = Field(default=30, ge=1, le=365, description="days to check an arrival's certificate")
    certificate_minimum_age: int = Field(default=18, ge=0, le=100, description="age from which one is issued")
    certificate_age_limit: int = Field(default=50, ge=1, le=150, description="age at which one lapses")
    certificate_years: int = Field(default=3, ge=1, le=20, description="years a certificate is valid")
    certificate_renewal_months: int = Field(
        default=3, ge=1, le=24, description="months before its end in which one may be renewed"
    )
    certificate_change_report_months: int = Field(
        default=3, ge=1, le=24, description="months in which a changed status is to be reported"
    )

    answer_days: int = Field(default=30, ge=1, le=365, description="days to answer an arrival notice")
    inquiry_days: int = Field(default=15, ge=1, le=365, description="days to answer an inquiry")
    urgent_inquiry_working_days: int = Field(
        default=7, ge=1, le=60, description="working days to answer an inquiry for a childbirth registration"
    )
    reminder_pause_days: int = Field(
        default=7, ge=1, le=365, description="days before an office is reminded of the same message again"
    )
    reminder_check_seconds: float = Field(
        default=3600.0, gt=0, description="pause between looks for replies that are overdue"
    )
    confirmation_days: int = Field(default=30, ge=1, le=365, description="days to confirm a notice")
    dispute_days: int = Field(default=15, ge=1, le=365, description="days to answer a dispute")
    message_lifetime_days: int = Field(default=90, ge=1, le=3650, description="days until a message expires")
    checkpoint_seconds: float = Field(
        default=900.0, gt=0, description="pause between signed checkpoints of the message log"
    )
    clock_skew_seconds: int = Field(
        default=86_400, ge=0, description="how far a partner's clock may be ahead"
    )
    retransmit_first_seconds: float = Field(
        default=5.0, gt=0, description="wait for a receipt before resending"
    )
    retransmit_longest_seconds: float = Field(default=300.0, gt=0, description="cap of the growing wait")
    replay_days: int = Field(
        default=35, ge=1, le=3650, description="days for which sent messages can be sent again to a partner"
    )
    gap_patience_seconds: float = Field(
        default=600.0, gt=0, description="wait for a missing message before its sender is asked"
    )
    partner_messages_per_second: float = Field(
        default=500.0, gt=0, description="messages of one partner taken in, on the average"
    )
    partner_messages_at_once: float = Field(
        default=5_000.0, ge=1, description="messages of one partner taken in without being slowed"
    )


def load_settings() -> MigrantSettings:
    """Return the settings that the environment holds; raises pydantic's ValidationError for missing ones."""
    return MigrantSettings.model_validate({})


def required(path: Path | None, name: str) -> Path:
    """Return a file setting that this process cannot do without; raises ValueError where it is not set."""
    if path is None:
        raise ValueError(f"RENKOU_{name} has to name a file")
    return path


def field_cipher(settings: MigrantSettings) -> FieldCipher:
    """Return the cipher of protected fields with the keys that the settings name; raises ValueError, OSError."""
    return FieldCipher.from_files(
        required(settings.field_keys_file, "FIELD_KEYS_FILE"),
        required(settings.field_master_key_file, "FIELD_MASTER_KEY_FILE"),
        settings.field_keys_check_seconds,
    )
