"""Values put in through the APIs and looked for wherever a node writes: nothing protected may lie in the clear."""
