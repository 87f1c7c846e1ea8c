"""What a partner is told at its start."""

from dataclasses import dataclass, field

from renkou_partner import wire
from renkou_partner.agreement import Agreement
from renkou_partner.contract import LIMITS, Json
from renkou_partner.trust import TrustList, verify_list


@dataclass
class Settings:
    """What a partner is told at its start."""

    district: str
    keys: wire.KeyRing
    trust: TrustList
    agreements: list[Agreement] = field(default_factory=list)
    resend_first_seconds: float = LIMITS["resend_first_seconds"]
    resend_longest_seconds: float = LIMITS["resend_longest_seconds"]
    lifetime_days: int = LIMITS["lifetime_days"]

    @classmethod
    def of(cls, configure: Json) -> "Settings":
        """Read what `configure` of the driver protocol says; raises Untrusted for a forged trust list."""
        return cls(
            district=configure["district"],
            keys=wire.KeyRing.from_jwk_set(configure["keys"]),
            trust=verify_list(configure["trust_list"], configure["anchor"]),
            agreements=[Agreement.of(one) for one in configure["agreements"]],
            resend_first_seconds=configure["resend"]["first_seconds"],
            resend_longest_seconds=configure["resend"]["longest_seconds"],
        )
