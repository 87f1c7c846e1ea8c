"""The worker in copies (多副本): who is there, who works on which partition, how far each partition is."""
