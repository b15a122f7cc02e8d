"""How models for the page are trained, and on what."""

SMALL = {"hidden_size": 8, "epochs": 2, "validation_fraction": 0, "verbose": 0}
TEXTS = ["red cat", "blue dog", "green bird", "red dog"] * 5
