"""Reconciliation (对账): what was taken in beside what registry-api and migrant-api hold, found, healed and told."""
