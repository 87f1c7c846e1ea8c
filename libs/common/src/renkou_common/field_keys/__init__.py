"""Keys of protected fields: in a file, wrapped by a master key in a file of its own, changed while services run."""
