"""Search (查找: number, phone, name, pinyin, household, address)."""
