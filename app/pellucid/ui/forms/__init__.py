"""Input controls, and the form that is built from an operation's declaration."""
