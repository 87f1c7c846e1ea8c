"""Facts and cells (统计事实与汇总格): signed counts, append-only, and their sums by month."""
