"""Reference values for the room `stats::early`, by methods other than its own.

    python3 tests/data/stats/early_reference.py        # needs mpmath, numpy

Boundaries: the recursion of Armitage, McPherson and Rowe (1969) with 30 digits, on a rule of
20 points in each of 8 panels between the bounds (nothing below z = -9). Confidence sequences:
Waudby-Smith and Ramdas (2024) written out with numpy over whole paths, the betting interval
by bisection in m rather than on a grid.
"""

import mpmath as mp
import numpy as np

mp.mp.dps = 30


def spent(kind, alpha, t):
    if t >= 1:
        return mp.mpf(alpha)
    if kind == "obf":
        z = mp.sqrt(2) * mp.erfinv(1 - mp.mpf(alpha))
        return mp.erfc(z / mp.sqrt(t) / mp.sqrt(2))
    return alpha * mp.log(1 + (mp.e - 1) * t)


def tail(z):
    return mp.erfc(z / mp.sqrt(2)) / 2


def rule(low, high, panels, points):
    x, w = np.polynomial.legendre.leggauss(points)
    # Polish the nodes to 30 digits.
    nodes, weights = [], []
    for x0 in x:
        x1 = mp.findroot(lambda y: mp.legendre(points, y), mp.mpf(x0))
        slope = points * (x1 * mp.legendre(points, x1) - mp.legendre(points - 1, x1)) / (x1**2 - 1)
        nodes.append(x1)
        weights.append(2 / ((1 - x1**2) * slope**2))
    half = (high - low) / (2 * panels)
    return [(low + half * (2 * p + 1 + x), half * w) for p in range(panels) for x, w in zip(nodes, weights)]


BASE = None


def boundaries(kind, alpha, ts, two_sided, panels=8, points=20):
    global BASE
    if BASE is None:
        BASE = rule(mp.mpf(-1), mp.mpf(1), panels, points)
    side = mp.mpf(alpha) / (2 if two_sided else 1)
    paths, at, before, out = [(mp.mpf(0), mp.mpf(1))], mp.mpf(0), mp.mpf(0), []
    for t in map(mp.mpf, ts):
        sd, root = mp.sqrt(t - at), mp.sqrt(t)
        spend = spent(kind, side, t) - before
        above = lambda z: mp.log(sum(m * tail((z * root - s) / sd) for s, m in paths)) - mp.log(spend)
        z = mp.findroot(above, (mp.mpf(2), mp.mpf("2.5")), tol=1e-20)
        out.append(z)
        high, low = z * root, (-z if two_sided else mp.mpf(-9)) * root
        mid, half = (high + low) / 2, (high - low) / 2
        density = lambda x: sum(m * mp.npdf(x, s, sd) for s, m in paths)
        paths = [(mid + half * x, half * w * density(mid + half * x)) for x, w in BASE]
        at, before = t, spent(kind, side, t)
    return [mp.nstr(z, 15) for z in out]


def bets(x, alpha):
    t = np.arange(1, len(x) + 1)
    guess = (0.5 + np.cumsum(x)) / (t + 1)
    variance = (0.25 + np.cumsum((x - guess) ** 2)) / (t + 1)
    before = np.append(0.25, variance[:-1])
    return np.sqrt(2 * np.log(2 / alpha) / (before * t * np.log(1 + t))), np.append(0.5, guess[:-1])


def peaks(x, m, alpha):
    """The largest logarithm so far of the capital against m: (upwards, downwards)."""
    lam, _ = bets(x, alpha)
    up = np.log1p(np.minimum(lam, 0.5 / m) * (x - m)).cumsum().max()
    down = np.log1p(-np.minimum(lam, 0.5 / (1 - m)) * (x - m)).cumsum().max()
    return max(up, 0), max(down, 0)


def betting(x, alpha, margin):
    def bisect(low, high, refuted_at_low, which):
        for _ in range(60):
            mid = (low + high) / 2
            if (peaks(x, mid, alpha)[which] >= np.log(2 / alpha)) == refuted_at_low:
                low = mid
            else:
                high = mid
        return low
    ends = bisect(1e-9, 1 - 1e-9, True, 0), bisect(1e-9, 1 - 1e-9, False, 1)
    up, down = peaks(x, margin, alpha)
    return ends, (min(1, np.exp(-up)), min(1, np.exp(-down)))


def bernstein(x, alpha, margin):
    lam, guess = bets(x, alpha)
    lam = np.minimum(lam, 0.5)
    v = ((x - guess) ** 2 * (-np.log(1 - lam) - lam)).cumsum()
    centre = (lam * x).cumsum() / lam.cumsum()
    reach = (np.log(2 / alpha) + v) / lam.cumsum()
    gain = (lam * (x - margin)).cumsum()
    p = [min(1, np.exp(-max(0, (sign * gain - v).max()))) for sign in (1, -1)]
    return (max(0, (centre - reach).max()), min(1, (centre + reach).min())), p


if __name__ == "__main__":
    i = np.arange(1, 201)
    x = ((7 * i * i + 3 * i) % 11) / 10
    for margin in (0.35, 0.48):
        print("betting", margin, betting(x, 0.05, margin))
        print("bernstein", margin, bernstein(x, 0.05, margin))
    fifths = [mp.mpf(k) / 5 for k in range(1, 6)]
    for kind in ["obf", "pocock"]:
        print(kind, "two-sided 0.05", boundaries(kind, mp.mpf("0.05"), fifths, True))
        print(kind, "one-sided 0.025", boundaries(kind, mp.mpf("0.025"), fifths, False))
    uneven = [mp.mpf(x) for x in ["0.15", "0.4", "0.9"]]
    print("obf two-sided 0.01 uneven", boundaries("obf", mp.mpf("0.01"), uneven, True))
    print("pocock one-sided 0.1 uneven", boundaries("pocock", mp.mpf("0.1"), uneven, False))
