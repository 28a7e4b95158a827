"""Identifiers of the fleet: every number follows from a SIM's slot, so that no table of them is kept."""

SEEDS = 10
_SEED_BASE = 8986011805021000001
_GENERATED_BASE = 8986011805022000001
_TACS = (35693803, 86012304, 35824005, 49015420, 86733605)
_MASK = (1 << 64) - 1


def giccid_of(slot: int) -> str:
    """Seeds first, then `8986011805022` and six digits; past a million the count carries into the prefix."""
    if slot < SEEDS:
        return str(_SEED_BASE + slot)
    return str(_GENERATED_BASE + slot - SEEDS)


def slot_of(giccid: str) -> int | None:
    """The slot a giccid of ours would have, whether or not that slot is taken."""
    if len(giccid) != 19 or not (giccid.isascii() and giccid.isdigit()):
        return None
    number = int(giccid)
    if _SEED_BASE <= number < _SEED_BASE + SEEDS:
        return number - _SEED_BASE
    return number - _GENERATED_BASE + SEEDS if number >= _GENERATED_BASE else None


def mix(slot: int, seed: int) -> int:
    """64 well spread bits for a slot (splitmix64)."""
    bits = ((slot + 1) * 0x9E3779B97F4A7C15 + seed * 0xD1B54A32D192ED03) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 31)


def _luhn_sum(digits: str) -> int:
    """Luhn sum of a part of an IMEI that ends on a doubled place (an even count of digits)."""
    total = 0
    for place, digit in enumerate(digits):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total


_PAIR_SUMS = tuple(_luhn_sum(f"{pair:02d}") for pair in range(100))
_TAC_SUMS = tuple(_luhn_sum(str(tac)) for tac in _TACS)


def imei_of(bits: int) -> str:
    """A 15-digit IMEI with a right check digit, chosen by `bits`."""
    model = bits % len(_TACS)
    serial = (bits >> 8) % 1_000_000
    total = _TAC_SUMS[model] + _PAIR_SUMS[serial // 10_000] + _PAIR_SUMS[serial // 100 % 100] + _PAIR_SUMS[serial % 100]
    return f"{_TACS[model]}{serial:06d}{-total % 10}"


def imsi_of(slot: int, profile: int = 0) -> str:
    if slot < SEEDS:
        return f"{'46006' if profile == 0 else '26206'}{slot + 1:010d}"
    return f"{'460061' if profile == 0 else '262061'}{slot - SEEDS + 1:09d}"


def msisdn_of(slot: int, profile: int = 0) -> str:
    if slot < SEEDS:
        return f"{'86145' if profile == 0 else '49145'}{slot + 1:08d}"
    return f"{'86146' if profile == 0 else '49146'}{slot - SEEDS + 1:08d}"


def slot_of_msisdn(msisdn: str) -> int | None:
    if len(msisdn) != 13 or not (msisdn.isascii() and msisdn.isdigit()):
        return None
    operator, number = msisdn[:5], int(msisdn[5:])
    if operator in ("86145", "49145") and 1 <= number <= SEEDS:
        return number - 1
    return number + SEEDS - 1 if operator in ("86146", "49146") and number >= 1 else None
