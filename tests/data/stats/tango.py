"""Tango's interval with the restricted likelihood maximised numerically, not by its closed form.

    python3 tests/data/stats/tango.py > tests/data/stats/tango.json      (needs mpmath)
"""

import json
from mpmath import mp, mpf, findroot, log, sqrt

mp.dps = 30


def restricted(b, c, n, d):
    """The probability of a pair in c that maximises the likelihood when p_b - p_c = d."""
    def loglik(q):
        parts = [(b, q + d), (c, q), (n - b - c, 1 - 2 * q - d)]
        return sum(k * log(p) for k, p in parts if k)
    low, high = max(mpf(0), -d), (1 - d) / 2
    for _ in range(300):  # ternary search: the log-likelihood is concave
        u, v = low + (high - low) / 3, high - (high - low) / 3
        if loglik(u + mpf(10) ** -29) < loglik(v):
            low = u
        else:
            high = v
    return (low + high) / 2


def score(b, c, n, d):
    return (b - c - n * d) / sqrt(n * (2 * restricted(b, c, n, d) + d * (1 - d)))


def end(b, c, n, z):
    """Where the score is z, by bisection between the estimate and the limit of the range."""
    inside, outside = mpf(b - c) / n, mpf(-1 if z > 0 else 1) * (1 - mpf(10) ** -9)
    for _ in range(60):
        middle = (inside + outside) / 2
        if abs(score(b, c, n, middle)) < abs(z):
            inside = middle
        else:
            outside = middle
    return float(inside)


Z = mpf("1.959963984540054235524594430520551527955")
cases = [(209, 152, 1319), (9, 3, 40), (1, 7, 25), (30, 12, 100)]
print(json.dumps([{"b": b, "c": c, "n": n, "low": end(b, c, n, Z), "high": end(b, c, n, -Z)} for b, c, n in cases], indent=1))
