"""Which certificates still stand (状态名单): own lists signed and published, partners' lists kept."""
