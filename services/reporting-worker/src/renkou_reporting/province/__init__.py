"""The level above (省级): pulls what districts published, checks it, and adds numerators and denominators up."""
