rows, repeated = [], 0
for claim in run["hypotheses"]:
    test, why, p, room = REPEATED.get(claim["test"]), claim["not_repeated"], None, None
    if why is None and test is None:
        why = f"{claim['test'] or 'no test'} is not in SciPy"
    if claim["not_repeated"] is None and claim["quantile"] is None and claim["estimate"] is not None:
        if claim["unpaired"] and "right" in claim:
            means = [np.mean(list(item_means(claim[side]).values())) for side in ("left", "right")]
            estimate = means[0] - means[1]
        else:
            estimate = contrast(claim).mean()
        assert near(estimate, claim["estimate"], 1e-7, 1e-10), (claim["name"], estimate)
    if why is None:
        p, room = test(claim)
        assert abs(p - claim["p"]) <= room + 1e-7 * max(p, claim["p"]) + 1e-12, (claim["name"], p, claim["p"], room)
        repeated += 1
        why = "the same" if room == 0 else f"within {room:.2g}, other seeds"
    rows.append([claim["name"], claim["claim"], claim["verdict"], claim["test"], shown(claim["p"]), shown(p), why])
table(["hypothesis", "claim", "verdict", "test", "p of the report", "p here", "agreement"], rows)
