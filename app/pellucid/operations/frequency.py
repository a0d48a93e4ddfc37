"""The spectrum of an image, and filters that keep or remove parts of it."""
