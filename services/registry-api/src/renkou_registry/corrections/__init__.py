"""Corrections (更正与撤销: requested, shown side by side, approved by someone else)."""
