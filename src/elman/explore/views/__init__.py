"""What the page may ask for: a module for each view, listed in `elman.explore.requests`."""
