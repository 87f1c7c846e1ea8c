"""Me (本人: own record, cards, visits, who read it, corrections, consents)."""
