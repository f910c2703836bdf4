"""Reference values for what the golden set does not hold, made without the project's formulas.

    python3 tests/data/stats/reference.py > tests/data/stats/reference.json   (needs numpy, scipy)

cr2          Bell and McCaffrey by whole matrices: (I - H_gg)^(-1/2) from an eigendecomposition, and
             the degrees of freedom as (Σ λ)² / Σ λ² of the matrix of Satterthwaite's approximation.
studentised  Every resample of a tiny sample, each with the same matrices: no random numbers.
percentile   Every resample of six units, with numpy's quantiles.
mover        Woodruff's intervals from numpy's quantiles and the matrices, joined as Zou and Donner do.
fieller      The ratios at which scipy's t test (or the t test of the matrices) has just p = α.
"""

import itertools, json
import numpy as np
from scipy import optimize, stats


def bell_mccaffrey(values, labels):
    """Mean, CR2 standard error and degrees of freedom of a model with an intercept alone."""
    y, labels = np.asarray(values, float), np.asarray(labels)
    n = len(y)
    x = np.ones((n, 1))
    bread = np.linalg.inv(x.T @ x)
    hat = x @ bread @ x.T
    rest = np.eye(n) - hat
    e = rest @ y
    meat, columns = 0.0, []
    for label in dict.fromkeys(labels.tolist()):
        own = np.flatnonzero(labels == label)
        w, v = np.linalg.eigh(np.eye(len(own)) - hat[np.ix_(own, own)])
        a = v @ np.diag(w ** -0.5) @ v.T
        score = x[own].T @ a @ e[own]
        meat += float(score[0] ** 2)
        columns.append((rest[:, own] @ a @ x[own] @ bread).ravel())
    g = np.array(columns).T
    lam = np.linalg.eigvalsh(g.T @ g)
    mean = float((bread @ x.T @ y)[0])
    return mean, float(np.sqrt(meat) * bread[0, 0]), float(lam.sum() ** 2 / (lam ** 2).sum())


def t_of(values, labels, at):
    """t* of a resample: infinite on the side of its mean without spread, 0 where it is at `at`."""
    mean, se, _ = bell_mccaffrey(values, labels)
    scale = max(abs(v - at) for v in values) or 1.0
    if se > 1e-9 * scale:
        return (mean - at) / se
    return 0.0 if abs(mean - at) < 1e-9 * scale else float(np.copysign(np.inf, mean - at))


def studentised(values, labels, margin, levels):
    units = list(dict.fromkeys(labels))
    rows = {u: [v for v, l in zip(values, labels) if l == u] for u in units}
    mean, se, _ = bell_mccaffrey(values, labels)
    # The order of draws does not matter: count each multiset once, with its multiplicity.
    t, weight = [], []
    g = len(units)
    for drawn in itertools.combinations_with_replacement(range(g), g):
        sample = [v for d in drawn for v in rows[units[d]]]
        owners = [i for i, d in enumerate(drawn) for _ in rows[units[d]]]
        ways = np.prod(range(1, g + 1))
        for d in set(drawn):
            ways //= np.prod(range(1, drawn.count(d) + 1))
        t.append(t_of(sample, owners, mean))
        weight.append(int(ways))
    t, weight = np.array(t), np.array(weight) / float(g) ** g
    seen = (mean - margin) / se
    greater = float(weight[t >= seen - 1e-9].sum())
    less = float(weight[t <= seen + 1e-9].sum())
    order = np.argsort(t)
    cumulated = np.cumsum(weight[order])

    def quantile(q):
        return float(t[order][min(np.searchsorted(cumulated, q), len(t) - 1)])

    # Ends between which an end from 10,000 draws must lie: five standard errors of the share.
    ends = []
    for q in levels:
        reach = 5 * np.sqrt(q * (1 - q) / 1e4)
        ends.append([mean - quantile(q + reach) * se, mean - quantile(q - reach) * se])
    return {"values": values, "labels": labels, "margin": margin, "greater": greater, "less": less,
            "low": ends[1], "high": ends[0]}


def percentile(xs, ys, q, margin):
    gaps = []
    n = len(xs)
    for drawn in itertools.product(range(n), repeat=n):
        d = list(drawn)
        gaps.append(np.quantile(np.array(xs)[d], q) - np.quantile(np.array(ys)[d], q))
    gaps = np.array(gaps)
    return {"x": xs, "y": ys, "q": q, "margin": margin,
            "not_above": float((gaps <= margin + 1e-12).mean()),
            "not_below": float((gaps >= margin - 1e-12).mean())}


def woodruff(values, labels, q, z):
    values = np.asarray(values, float)
    centre = np.quantile(values, q)
    share, se, _ = bell_mccaffrey((values <= centre).astype(float), labels)
    size = share * (1 - share) / se ** 2
    size = min(max(size, len(set(labels))), len(values))
    reach = z * np.sqrt(q * (1 - q) / size)
    return centre, np.quantile(values, max(q - reach, 0)), np.quantile(values, min(q + reach, 1))


def mover(xs, ys, labels, q, confidence):
    z = stats.norm.isf((1 - confidence) / 2)
    (a, al, au), (b, bl, bu) = (woodruff(v, labels, q, z) for v in (xs, ys))
    return {"x": xs, "y": ys, "labels": labels, "q": q, "confidence": confidence,
            "estimate": a - b,
            "low": a - b - np.hypot(a - al, bu - b), "high": a - b + np.hypot(au - a, b - bl)}


def fieller(xs, ys, labels, confidence):
    x, y = np.array(xs), np.array(ys)

    def p(rho):
        if len(set(labels)) == len(labels):
            return stats.ttest_rel(x, rho * y).pvalue
        mean, se, df = bell_mccaffrey(x - rho * y, labels)
        return 2 * stats.t.sf(abs(mean / se), df)

    ratio = x.mean() / y.mean()

    def end(far):
        return optimize.brentq(lambda r: p(r) - (1 - confidence), ratio, far, xtol=1e-14, rtol=1e-13)

    return {"x": xs, "y": ys, "labels": labels, "confidence": confidence, "ratio": ratio,
            "low": end(ratio / 50), "high": end(ratio * 50)}


rng = np.random.default_rng(20260101)
draw = lambda n: [round(float(v), 3) for v in rng.lognormal(0, 0.8, n)]
sizes = lambda counts: [i for i, c in enumerate(counts) for _ in range(c)]
SHAPES = [[1] * 9, [3] * 6, [1, 2, 4, 8, 16], [20, 1, 1, 1, 1, 1, 1, 1], [2, 1], [5, 4, 3, 2, 1, 1, 2, 3, 4, 5],
          [7, 7, 30, 2, 11, 5]]
cr2 = []
for shape in SHAPES:
    values, labels = draw(sum(shape)), sizes(shape)
    mean, se, df = bell_mccaffrey(values, labels)
    cr2.append({"values": values, "labels": labels, "mean": mean, "se": se, "df": df,
                "p": float(2 * stats.t.sf(abs((mean - 1) / se), df)), "margin": 1.0,
                "low": float(mean - stats.t.isf(0.025, df) * se),
                "high": float(mean + stats.t.isf(0.025, df) * se)})
seven = [0.2, 1.1, 0.4, 3.9, 0.7, 2.2, 0.9]
groups = [1, 2, 1, 3, 2, 1]
grouped = [0.3, 1.2, 0.9, 2.4, 0.1, 0.8, 1.7, 3.1, 2.2, 0.5]
pair = ([12.0, 15.0, 11.0, 30.0, 14.0, 18.0], [10.0, 16.0, 9.0, 21.0, 15.0, 11.0])
long = (draw(60), draw(60))
print(json.dumps({
    "cr2": cr2,
    "studentised": [studentised(seven, list(range(7)), 0.5, [0.05, 0.95]),
                    studentised(grouped, sizes(groups), 0.6, [0.05, 0.95]),
                    studentised(grouped, sizes(groups), 2.0, [0.05, 0.95])],
    "percentile": [percentile(*pair, 0.5, 0.0), percentile(*pair, 0.5, 3.5), percentile(*pair, 0.9, 2.0)],
    "mover": [mover(*long, list(range(60)), 0.5, 0.95), mover(*long, sizes([3] * 20), 0.5, 0.9),
              mover(*long, sizes([3] * 20), 0.8, 0.95)],
    "fieller": [fieller(draw(12), [v + 2 for v in draw(12)], list(range(12)), 0.95),
                fieller(draw(12), [v + 2 for v in draw(12)], sizes([1, 2, 3, 1, 2, 3]), 0.9)],
}, indent=1))
