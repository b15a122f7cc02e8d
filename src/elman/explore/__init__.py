"""The live page that looks inside a model: `elman explore MODEL`."""
