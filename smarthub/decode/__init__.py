"""From the carrier's bytes to our structs: tolerant, and never another exception than those of `errors`."""

from smarthub.decode.pages import Page, is_of_another, split_page, unwrap
from smarthub.decode.sims import decode_sim

__all__ = ["Page", "decode_sim", "is_of_another", "split_page", "unwrap"]
