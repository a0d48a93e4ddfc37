"""Channels, greys, hues, pseudo-colour, and masks by colour."""
