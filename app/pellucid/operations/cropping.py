"""Cut a part out, or add a margin."""
