try:
    import matplotlib.pyplot as plt
except ImportError:
    print("matplotlib is not installed; there are no figures")
else:
    for metric in dict.fromkeys(sample["metric"] for sample in run["samples"] if sample["main"]):
        own = [s for s in run["samples"] if s["metric"] == metric and s["mean"] is not None]
        figure, axes = plt.subplots(figsize=(7, 0.4 * len(own) + 1))
        for place, sample in enumerate(reversed(own)):
            if sample["ci"] is not None:
                axes.plot(sample["ci"], [place, place], color="0.4")
            axes.plot([sample["mean"]], [place], "o", color="0.1")
        plain = lambda text: text.replace("$", r"\$")
        axes.set_yticks(range(len(own)), [plain(s["condition"]) for s in reversed(own)])
        axes.set_xlabel(plain(metric) + ": mean and 95% interval")
        figure.tight_layout()
        plt.show()
