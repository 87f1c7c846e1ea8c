"""Closings (关账): a period is checked, signed by two, frozen, published; what comes late is restated in the open."""
