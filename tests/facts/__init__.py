"""Facts of a district from a seed: as events to be taken in one after the other, or as rows for COPY."""
