"""reporting-worker (考核统计): assessment figures from the facts of the register and the exchange."""
