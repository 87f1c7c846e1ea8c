"""Charts as scenes: titles, axes and labels in two languages, never told apart by colour alone. No I/O."""
