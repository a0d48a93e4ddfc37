"""Change the pixel type, or the number of grey levels, and say what is lost."""
