"""External lists (外来名单比对: police, civil affairs, hospitals)."""
