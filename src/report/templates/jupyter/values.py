def values(sample):
    """The values of a metric under a condition by item, with failures as the report counts them."""
    metric, found = sample["metric"], {}
    for trial in trials:
        if trial["condition"] != sample["condition"]:
            continue
        if metric in trial["scores"]:
            value = trial["scores"][metric]
        else:
            value = trial.get(MEASURES.get(metric, metric))
        if trial["failure"] is not None and (value is None or metric in trial["scores"]):
            value = math.inf if sample["failed"] == "inf" else sample["failed"]
        if value is not None:
            found.setdefault(trial["item"], []).append(float(value))
    return found


def item_means(sample):
    return {item: sum(own) / len(own) for item, own in values(sample).items()}


rows = []
for sample in run["samples"]:
    means = list(item_means(sample).values())
    mean = float(np.mean(means)) if means else None
    report = sample["mean"]
    assert (mean is None) == (report is None), sample
    assert mean is None or near(mean, report), (sample, mean)
    low, high = sample["ci"] or (None, None)
    if sample["ci_method"] == "Wilson":
        wilson = stats.binomtest(int(sum(means)), len(means)).proportion_ci(method="wilson")
        assert near(wilson.low, low, 1e-7, 1e-9) and near(wilson.high, high, 1e-7, 1e-9), sample
    rows.append([sample["condition"], sample["metric"], len(means), shown(mean), shown(low), shown(high)])
table(["condition", "metric", "items", "mean", "low", "high"], rows)
