"""Me (本人): the own certificates, shown as the holder chooses."""
