"""Makes the tables of this folder and the values that the tests compare with.

    python reference.py          (SciPy 1.x, NumPy 2.x; writes *.csv, *.jsonl and reference.json here)
"""
import csv
import json
import os

import numpy as np
import scipy
from scipy import stats

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(20)


def write(name, rows):
    with open(os.path.join(HERE, name), "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(rows[0].keys())
        w.writerows(r.values() for r in rows)


n = 40
ids = [f"item-{i:02}" for i in range(n)]
easy = rng.normal(size=n)
a = [
    {"id": i, "topic": f"t{k % 8}", "correct": int(e + rng.normal() > -0.8), "seconds": round(float(np.exp(0.4 * e + 0.5 * rng.normal())), 4)}
    for k, (i, e) in enumerate(zip(ids, easy))
]
b = [
    {"id": i, "topic": f"t{k % 8}", "correct": int(e + rng.normal() > 0.1), "seconds": round(float(np.exp(0.4 * e + 0.3 + 0.5 * rng.normal())), 4)}
    for k, (i, e) in enumerate(zip(ids, easy))
]
order = rng.permutation(n)
write("a.csv", a)
write("b.csv", [b[i] for i in order])
# The same as `b.csv` with three rows an id, two ids less and one more.
repeated = [
    {"id": r["id"], "seconds": round(float(r["seconds"] * np.exp(0.1 * rng.normal())), 4)}
    for r in b[2:] for _ in range(3)
]
repeated.append({"id": "item-99", "seconds": 1.5})
with open(os.path.join(HERE, "repeated.jsonl"), "w") as f:
    for i in rng.permutation(len(repeated)):
        f.write(json.dumps(repeated[i]) + "\n")

col = lambda rows, name: np.array([r[name] for r in rows], dtype=float)
x, y = col(a, "correct"), col(b, "correct")
only_a, only_b = int(((x == 1) & (y == 0)).sum()), int(((x == 0) & (y == 1)).sum())
s, t = col(a, "seconds"), col(b, "seconds")
paired = stats.ttest_rel(s, t)
welch = stats.ttest_ind(s, t, equal_var=False)
ci = welch.confidence_interval(0.95)

means = {}
for r in repeated:
    means.setdefault(r["id"], []).append(r["seconds"])
both = [r["id"] for r in a if r["id"] in means]
left = np.array([r["seconds"] for r in a if r["id"] in means])
right = np.array([np.mean(means[i]) for i in both])
of_means = stats.ttest_rel(left, right)

# Agresti and Caffo's adjustment with t: one right and one wrong answer added to each side.
shrunk = stats.ttest_ind(np.append(x, [0, 1]), np.append(y, [0, 1]), equal_var=False)
shrunk_ci = shrunk.confidence_interval(0.95)
pooled = np.sqrt(((n - 1) * s.var(ddof=1) + (n - 1) * t.var(ddof=1)) / (2 * n - 2))

with open(os.path.join(HERE, "reference.json"), "w") as f:
    json.dump(
        {
            "made_with": f"scipy {scipy.__version__}, numpy {np.__version__}",
            "mcnemar": {"only_a": only_a, "only_b": only_b, "p": stats.binomtest(only_a, only_a + only_b).pvalue, "estimate": float(x.mean() - y.mean())},
            "paired": {"t": float(paired.statistic), "df": float(paired.df), "p": float(paired.pvalue), "estimate": float(s.mean() - t.mean())},
            "repeated": {"t": float(of_means.statistic), "df": float(of_means.df), "estimate": float(left.mean() - right.mean()), "n": len(both)},
            "welch": {"t": float(welch.statistic), "df": float(welch.df), "p": float(welch.pvalue), "ci": [float(ci.low), float(ci.high)],
                      "hedges_g": float((1 - 3 / (4 * (2 * n - 2) - 1)) * (s.mean() - t.mean()) / pooled)},
            "shares": {"t": float(shrunk.statistic), "df": float(shrunk.df), "p": float(shrunk.pvalue), "ci": [float(shrunk_ci.low), float(shrunk_ci.high)]},
            "describe": {"mean": float(s.mean()), "sd": float(s.std(ddof=1)), "quartiles": [float(q) for q in np.quantile(s, [0, 0.25, 0.5, 0.75, 1])]},
        },
        f,
        indent=1,
    )
    f.write("\n")
