family = [claim for claim in run["hypotheses"] if claim["p_adjusted"] is not None]
ps = np.array([claim["p"] for claim in family] + [1.0] * run["removed_hypotheses"])
if run["correction"] == "holm":
    order, corrected, most = np.argsort(ps, kind="stable"), np.empty(len(ps)), 0.0
    for place, index in enumerate(order):
        most = max(most, min(1.0, (len(ps) - place) * ps[index]))
        corrected[index] = most
elif run["correction"] == "bonferroni":
    corrected = np.minimum(1.0, ps * len(ps))
else:
    corrected = ps
for claim, p in zip(family, corrected):
    assert near(p, claim["p_adjusted"], 1e-9, 1e-12), (claim["name"], p)
table(
    ["hypothesis", "p", "p, corrected", "at most", "verdict"],
    [[c["name"], shown(c["p"]), shown(p), shown(c["alpha"]), c["verdict"]] for c, p in zip(family, corrected)],
)
