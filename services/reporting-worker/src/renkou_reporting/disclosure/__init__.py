"""Small counts (披露控制): who may see exact figures, and what of the published ones stays hidden."""
