"""People who asked for free supplies in a year (药具使用者); sealed, counted only."""
