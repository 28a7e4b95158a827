"""Which pages showed a SIM, in SQL."""

# What sims_syncpage `p` is asked for, of a SIM that is named by an expression. As an array, so that the pages' SIMs are
# asked first: as a join PostgreSQL takes the pages of the run for fewer, and goes through all of them.
ON_PAGE = "p.shown_id = ANY (ARRAY(SELECT g.id FROM sims_pagesims g WHERE g.sim_ids @> ARRAY[{sim_id}]))"
