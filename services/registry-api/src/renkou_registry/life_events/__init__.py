"""Life events (生命事件): the append-only history from which state and population lines derive."""
