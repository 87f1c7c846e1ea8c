"""Products, specifications and distribution points with their reorder levels (品种, 规格, 发放点)."""
