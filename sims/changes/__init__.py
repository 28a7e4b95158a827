"""Changes of SIMs at the carrier: what is legal, what proves it, who holds a SIM, and single operations."""
