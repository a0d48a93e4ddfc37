"""The demo phantom: a computed chest and a computed tissue section. Read ``thorax`` first."""
