"""Values for tests/it/calibration/designs.rs, by NumPy, SciPy and statsmodels.

python tests/data/stats/designs.py
"""

import itertools
import math

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

A = [[3, 4, 4], [1, 2, 1], [5, 5, 5], [2, 3, 5]]
B = [[2, 2, 3], [1, 1, 1], [4, 3, 5], [4, 2, 2]]


def over_repeats(binary=False):
    a, b = np.array(A, float), np.array(B, float)
    if binary:
        a, b = (a > 2).astype(float), (b > 2).astype(float)
    n, k = a.shape
    parts = np.concatenate([x.var(axis=1, ddof=1) / k for x in (a, b)]) / n**2
    if binary:  # one item more in each arm, of which one repeat differs
        parts = np.append(parts, [np.var([1] + [0] * (k - 1), ddof=1) / k / n**2] * 2)
    estimate = a.mean() - b.mean()
    se = math.sqrt(parts.sum())
    df = parts.sum() ** 2 / (parts**2 / (k - 1)).sum()
    t = estimate / se
    reach = stats.t.ppf(0.975, df) * se
    return estimate, t, df, 2 * stats.t.sf(abs(t), df), estimate - reach, estimate + reach


def welch():
    x, y = [3, 5, 2, 4, 4, 1], [1, 2, 2, 4, 1, 3, 2]
    r = stats.ttest_ind(x, y, equal_var=False)
    ci = r.confidence_interval(0.95)
    return r.statistic, r.df, r.pvalue, ci.low, ci.high


def welch_pseudo():
    # Two repeats: item means, with two pseudo-items 1/2 ± 1/(2 √2) on each side.
    x, y = [1, 1, 0.5, 1, 1, 0.5], [0.5, 0, 0.5, 1, 0, 0]
    h = 0.5 / math.sqrt(2)
    x, y = x + [0.5 + h, 0.5 - h], y + [0.5 + h, 0.5 - h]
    r = stats.ttest_ind(x, y, equal_var=False)
    ci = r.confidence_interval(0.95)
    return r.statistic, r.df, r.pvalue, ci.low, ci.high


def components():
    groups = [[3, 4, 4], [1, 2, 1], [5, 5, 5], [2, 3]]
    f = stats.f_oneway(*groups)
    sizes = np.array([len(g) for g in groups])
    n, all_ = len(groups), sizes.sum()
    within = sum(((np.array(g) - np.mean(g)) ** 2).sum() for g in groups) / (all_ - n)
    between = f.statistic * within
    k0 = (all_ - (sizes**2).sum() / all_) / (n - 1)
    item = (between - within) / k0
    return item, within, item / (item + within)


def pairs():
    right = {"a": 16, "b": 14, "c": 6}  # nested: whoever is right less is right on fewer
    p = []
    for x, y in itertools.combinations(right, 2):
        d = abs(right[x] - right[y])
        p.append(stats.binomtest(d, d).pvalue)
    return p, list(multipletests(p, method="holm")[1])


def slices():
    # Per slice of 10: b (only left), c (only right).
    p = [stats.binomtest(b, b + c).pvalue for b, c in [(8, 0), (5, 1), (2, 3)]]
    means = [0.9, 0.8, 0.5]
    ends = [proportion_confint(round(10 * m), 10, method="wilson") for m in means]
    below = math.sqrt(sum((m - e[0]) ** 2 for m, e in zip(means, ends))) / 3
    above = math.sqrt(sum((e[1] - m) ** 2 for m, e in zip(means, ends))) / 3
    centre = sum(means) / 3
    return p, list(multipletests(p, method="holm")[1]), centre - below, centre + above


for f in (over_repeats, lambda: over_repeats(True), welch, welch_pseudo, components, pairs, slices):
    print(f.__name__, *map(lambda v: v if isinstance(v, list) else repr(float(v)), f()))
