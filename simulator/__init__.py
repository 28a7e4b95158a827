"""The simulated SmartHub carrier: a process of its own that speaks the carrier's API over HTTP."""
