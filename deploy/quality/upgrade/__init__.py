"""A recorded release, and the proof that later code still reads all of it."""
