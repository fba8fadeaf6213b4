"""One module for each part: `run(rng, note)` is one random case."""
