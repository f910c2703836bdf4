RESAMPLES = 10_000
generator = np.random.default_rng(run["notebook_seed"])


def sided(claim, greater, less):
    """The p of a claim from its two tails."""
    if claim["alternative"] == "two_sided":
        return min(1.0, 2 * min(greater, less))
    return greater if claim["direction"] == "greater" else less


def pairs(claim):
    left, right = item_means(claim["left"]), item_means(claim["right"])
    items = [item for item in left if item in right]
    return np.array([left[item] for item in items]), np.array([right[item] for item in items])


def mcnemar(claim):
    left, right = pairs(claim)
    only_left, only_right = int(np.sum(left > right)), int(np.sum(left < right))
    n = only_left + only_right
    if n == 0:
        return 1.0, 0.0
    greater = stats.binomtest(only_left, n, 0.5, alternative="greater").pvalue
    less = stats.binomtest(only_left, n, 0.5, alternative="less").pvalue
    return sided(claim, greater, less), 0.0


def binomial(claim):
    own = list(item_means(claim["left"]).values())
    hits, n, share = int(sum(own)), len(own), claim["margin"]
    greater = stats.binomtest(hits, n, share, alternative="greater").pvalue
    less = stats.binomtest(hits, n, share, alternative="less").pvalue
    return sided(claim, greater, less), 0.0


def contrast(claim):
    if "right" not in claim:
        return np.array(list(item_means(claim["left"]).values()))
    left, right = pairs(claim)
    return left - right


def t_test(claim):
    d = contrast(claim)
    if np.ptp(d) <= 1e-13 * max(1.0, np.abs(d).max()):
        return (1.0 if near(d.mean(), claim["margin"], 1e-9, 1e-12) else 2.0 ** (1 - len(d))), 0.0
    test = stats.ttest_1samp(d, claim["margin"])
    if claim["statistic"] is not None:
        assert near(test.statistic, claim["statistic"], 1e-7, 1e-9), (claim["name"], test)
    greater = stats.ttest_1samp(d, claim["margin"], alternative="greater").pvalue
    return sided(claim, greater, 1.0 - greater if greater < 1 else stats.ttest_1samp(d, claim["margin"], alternative="less").pvalue), 0.0


def noise(p):
    """How far two bootstrap p-values of other seeds may lie apart: five standard errors."""
    return 5 * math.sqrt(2 * max(p * (1 - p), 1e-4) / RESAMPLES) + 3 / RESAMPLES


def studentised(centred, n):
    """The t* of resamples of centred values."""
    found = np.empty(RESAMPLES)
    step = max(1, 2_000_000 // n)
    for start in range(0, RESAMPLES, step):
        stop = min(RESAMPLES, start + step)
        drawn = centred[generator.integers(0, n, size=(stop - start, n))]
        with np.errstate(divide="ignore", invalid="ignore"):
            found[start:stop] = drawn.mean(axis=1) / (drawn.std(axis=1, ddof=1) / math.sqrt(n))
    return np.nan_to_num(found, nan=0.0)


def t_and_bootstrap(claim):
    p, _ = t_test(claim)
    d = contrast(claim)
    n = len(d)
    se = d.std(ddof=1) / math.sqrt(n)
    if se == 0 or np.ptp(d) <= 1e-13 * max(1.0, np.abs(d).max()):
        return p, 0.0
    t = (d.mean() - claim["margin"]) / se
    drawn = studentised(d - d.mean(), n)
    greater = (np.sum(drawn >= t) + 1) / (RESAMPLES + 1)
    less = (np.sum(drawn <= t) + 1) / (RESAMPLES + 1)
    boot = sided(claim, greater, less)
    assert claim["p"] >= p - 1e-9, (claim["name"], "less than the p of t alone")
    return max(p, boot), 2 * noise(boot / 2)


def welch(claim):
    left = np.array(list(item_means(claim["left"]).values()))
    right = np.array(list(item_means(claim["right"]).values()))
    shifted = left - claim["margin"]
    greater = stats.ttest_ind(shifted, right, equal_var=False, alternative="greater").pvalue
    less = stats.ttest_ind(shifted, right, equal_var=False, alternative="less").pvalue
    return sided(claim, greater, less), 0.0


def quantile_bootstrap(claim):
    q = claim["quantile"]
    left, right = values(claim["left"]), values(claim["right"])
    items = [item for item in left if item in right]
    sides = [[np.array(side[item]) for item in items] for side in (left, right)]
    flat = all(len(own) == 1 for side in sides for own in side)
    level = lambda own: np.quantile(own, q)
    estimate = level(np.concatenate(sides[0])) - level(np.concatenate(sides[1]))
    assert near(estimate, claim["estimate"], 1e-7, 1e-12), (claim["name"], estimate)
    gaps = np.empty(RESAMPLES)
    singles = [np.concatenate(side) for side in sides] if flat else None
    for at in range(RESAMPLES):
        chosen = generator.integers(0, len(items), size=len(items))
        if flat:
            gaps[at] = level(singles[0][chosen]) - level(singles[1][chosen])
        else:
            a, b = (np.concatenate([side[i] for i in chosen]) for side in sides)
            gaps[at] = level(a) - level(b)
    low, high = np.quantile(gaps, [0.025, 0.975])
    if claim["ci"] is not None and near(claim["interval_level"], 0.95):
        room = 0.15 * max(high - low, claim["ci"][1] - claim["ci"][0]) + 1e-12
        assert abs(low - claim["ci"][0]) <= room and abs(high - claim["ci"][1]) <= room, claim["name"]
    below, above = np.sum(gaps <= claim["margin"]), np.sum(gaps >= claim["margin"])
    p = min(1.0, (2 * min(below, above) + 1) / (RESAMPLES + 1))
    return p, 2 * noise(p / 2)


REPEATED = {
    "exact McNemar": mcnemar,
    "exact binomial": binomial,
    "CR2-t": t_test,
    "CR2-t and studentised bootstrap": t_and_bootstrap,
    "Welch": welch,
    "percentile bootstrap": quantile_bootstrap,
}
