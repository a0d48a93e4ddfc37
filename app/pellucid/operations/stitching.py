"""Put overlapping tiles together."""
