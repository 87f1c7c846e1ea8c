"""Budget (人口计生事业费: lines per year and area)."""
