"""Stock (期末人数): how many people the register itself counts, by area, for whoever adds its events up."""
