"""The panels around the canvas, one file each; every panel is made with the session only."""
