"""Records of the register that join another (记录合并): what was theirs here follows, and comes back."""
