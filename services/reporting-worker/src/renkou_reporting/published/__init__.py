"""Published figures (公布数): frozen versions of a closed period, signed, never changed, shown again to the digit."""
