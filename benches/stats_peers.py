"""Times SciPy and statsmodels on what benches/stats.rs measures, on data of the same shape.

    python benches/stats_peers.py

Prints the versions, then a line for each call: name, CPU and wall time in milliseconds, apart
by tabs. Each is the median of five rounds. Where SciPy can work in batches, the quicker of the
two ways is taken. Threads are held to one.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import statistics
import time

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import stats

ROUNDS = 5
PAIRS = 500_000

draw = np.random.default_rng(1)
reals = draw.normal(size=1_000)
first = (draw.random(1_000) < 0.8).astype(float)
second = (draw.random(1_000) < 0.75).astype(float)
left, right = draw.normal(size=500), draw.normal(0.1, 1, size=500)

# One row a trial: item 0 under both conditions, item 1 under both conditions, ...
condition = np.tile([1.0, 0.0], PAIRS)
correct = (draw.random(2 * PAIRS) < 0.69 + 0.01 * condition).astype(float)
item = np.repeat(np.arange(PAIRS), 2)
topic = item // 50
shuffled = np.repeat(draw.permutation(np.arange(PAIRS) // 50), 2)
design = sm.add_constant(condition)


def mean(x, axis=-1):
    return np.mean(x, axis=axis)


def sd(x, axis=-1):
    return np.std(x, ddof=1, axis=axis)


def gap(x, y, axis=-1):
    return np.mean(x, axis=axis) - np.mean(y, axis=axis)


def bca(samples, statistic, **more):
    def call(batch):
        return stats.bootstrap(
            samples, statistic, n_resamples=10_000, method="BCa", vectorized=True, batch=batch,
            rng=np.random.default_rng(2), **more,
        ).confidence_interval.low

    return [lambda: call(None), lambda: call(100)]


def permutation(kind):
    def call(batch):
        return stats.permutation_test(
            (left, right), gap, permutation_type=kind, n_resamples=10_000, vectorized=True,
            batch=batch, rng=np.random.default_rng(3),
        ).pvalue

    return [lambda: call(None), lambda: call(100)]


def clustered(groups):
    def call():
        fit = sm.OLS(correct, design).fit(cov_type="cluster", cov_kwds={"groups": groups})
        return fit.pvalues[1] + fit.conf_int()[1, 0]

    return [call]


CALLS = {
    "BCa mean, 1,000 reals": bca((reals,), mean),
    "BCa mean, 1,000 of 0/1": bca((first,), mean),
    "BCa paired difference, 1,000 of 0/1": bca((first, second), gap, paired=True),
    "BCa sd, 1,000 reals": bca((reals,), sd),
    "BCa median, 1,000 reals": bca((reals,), np.median),
    "permutation, 2 x 500": permutation("independent"),
    "permutation of 500 pairs": permutation("samples"),
    "paired, 1,000,000 trials by item": clustered(item),
    "paired, 1,000,000 trials by topic": clustered(topic),
    "paired, 1,000,000 trials, topics shuffled": clustered(shuffled),
}


def timed(call):
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return (time.process_time() - cpu) * 1e3, (time.perf_counter() - wall) * 1e3


def quickest(ways):
    for way in ways:
        way()
    medians = []
    for way in ways:
        rounds = [timed(way) for _ in range(ROUNDS)]
        medians.append(tuple(statistics.median(part) for part in zip(*rounds)))
    return min(medians)


print(f"SciPy {scipy.__version__}, statsmodels {statsmodels.__version__}, NumPy {np.__version__}")
for name, ways in CALLS.items():
    cpu, wall = quickest(ways)
    print(f"{name}\t{cpu}\t{wall}")
