"""A pasted list: taken apart (`parse`), looked up as a whole (`resolve`), kept with what came of it (`check`)."""
