"""How long requests wait for a server: Sakasegawa's formula with Allen and Cunneen's variability."""

from math import sqrt


def waiting_in_services(servers: int, use: float, arrivals_cv2: float = 1.0, service_cv2: float = 1.0) -> float:
    """Mean wait, in mean service times, of a queue with `servers` servers at a share of use below one.

    `arrivals_cv2` and `service_cv2` are squared coefficients of variation; one each is Poisson and exponential.

    Raises ValueError when use is not within [0, 1): such a queue has no steady wait.
    """
    if servers < 1 or not 0 <= use < 1:
        raise ValueError(f"servers={servers!r} use={use!r}: at least one server and 0 <= use < 1")
    if use == 0:
        return 0.0
    busy: float = use ** (sqrt(2 * (servers + 1)) - 1) / (servers * (1 - use))
    return busy * (arrivals_cv2 + service_cv2) / 2


def use_for_wait(servers: int, most_wait: float, arrivals_cv2: float = 1.0, service_cv2: float = 1.0) -> float:
    """The greatest share of use at which the mean wait stays within `most_wait` service times."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if middle < 1 and waiting_in_services(servers, middle, arrivals_cv2, service_cv2) <= most_wait:
            low = middle
        else:
            high = middle
    return low
