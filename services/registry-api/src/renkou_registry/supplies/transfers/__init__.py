"""Transfers between points (调拨): sent, in transit, received or called back."""
