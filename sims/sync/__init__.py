"""Reading the fleet: runs, their pages, and what is missing at the end."""
