"""From findings to what callers get."""

from renkou_registry.benefits.schemes.conditions import Finding
from renkou_registry.benefits.schemes.schemas import FindingOut


def finding_out(finding: Finding) -> FindingOut:
    """Return a finding as callers see it."""
    return FindingOut(
        kind=finding.kind,
        result=finding.answer,
        reason_zh=finding.text.zh,
        reason_en=finding.text.en,
        parts=[finding_out(part) for part in finding.parts],
    )
