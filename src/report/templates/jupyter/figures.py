try:
    import matplotlib.pyplot as plt
except ImportError:
    print("matplotlib is not installed; there are no figures")
    plt = None

# The colours of Okabe and Ito without their yellow, which is too light for a line.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
DASHES = ["-", "--", ":", "-.", (0, (8, 3)), (0, (3, 1, 1, 1))]
MARKS = ["o", "s", "^", "D", "v", "p"]


def plain(text):
    return text.replace("$", r"\$")


def scaled(axes, x=None, y=None):
    for axis, label, scale in ((x, axes.set_xlabel, axes.set_xscale), (y, axes.set_ylabel, axes.set_yscale)):
        if axis is not None:
            label(plain(axis["label"]))
            scale("log" if axis["log"] else "linear")


def rows_figure(chart):
    count = len(chart["labels"])
    figure, axes = plt.subplots(figsize=(7, 0.35 * count + 1.2))
    room = len(chart["series"])
    for place, series in enumerate(chart["series"]):
        colour, side = COLOURS[place % 6], (place - (room - 1) / 2) * 0.2
        for mark in series["marks"]:
            at = count - 1 - mark["row"] - side
            if mark["ci"] is not None:
                axes.plot(mark["ci"], [at, at], color=colour)
        values = [mark["value"] for mark in series["marks"]]
        places = [count - 1 - mark["row"] - side for mark in series["marks"]]
        axes.plot(values, places, MARKS[place % 6], color=colour, label=plain(series["name"]))
    if chart["reference"] is not None:
        axes.axvline(chart["reference"], color="0.2", linestyle=":")
    axes.set_ylim(-0.7, count - 0.3)
    axes.set_yticks(range(count), [plain(label) for label in reversed(chart["labels"])])
    scaled(axes, x=chart["axis"])
    return figure, axes, room


def curves_figure(chart):
    figure, axes = plt.subplots(figsize=(7, 4.2))
    for place, series in enumerate(chart["series"]):
        colour = COLOURS[place % 6]
        xs, ys = ([point[key] for point in series["points"]] for key in "xy")
        marker = MARKS[place % 6] if chart["form"] == "marked" else None
        style = "steps-post" if chart["form"] == "step" else "default"
        axes.plot(xs, ys, color=colour, linestyle=DASHES[place % 6], marker=marker, drawstyle=style, label=plain(series["name"]))
        for point in series["points"]:
            if point["ci"] is not None:
                axes.plot([point["x"], point["x"]], point["ci"], color=colour, linewidth=1)
    scaled(axes, x=chart["x"], y=chart["y"])
    if chart["reference"] is not None:
        axes.axvline(chart["reference"], color="0.2", linestyle=":")
    if chart["categories"]:
        axes.set_xticks(range(1, len(chart["categories"]) + 1), [plain(one) for one in chart["categories"]])
    if chart["y_range"] is not None:
        axes.set_ylim(*chart["y_range"])
    if chart["diagonal"]:
        axes.axline((0, 0), slope=1, color="0.2", linestyle=":")
    return figure, axes, len(chart["series"])


def points_figure(chart):
    figure, axes = plt.subplots(figsize=(7, 4.2))
    best = sorted((point for point in chart["points"] if point["frontier"]), key=lambda point: point["x"])
    axes.plot([point["x"] for point in best], [point["y"] for point in best], color=COLOURS[1])
    for point in chart["points"]:
        x, y = point["x"], point["y"]
        if point["x_ci"] is not None:
            axes.plot(point["x_ci"], [y, y], color=COLOURS[0], linewidth=1)
        if point["y_ci"] is not None:
            axes.plot([x, x], point["y_ci"], color=COLOURS[0], linewidth=1)
        axes.plot([x], [y], "o", color=COLOURS[0])
        axes.annotate(plain(point["name"]), (x, y), textcoords="offset points", xytext=(6, 6))
    scaled(axes, x=chart["x"], y=chart["y"])
    return figure, axes, 1


DRAWN = {"rows": rows_figure, "curves": curves_figure, "points": points_figure}

for one in run["figures"] if plt is not None else []:
    figure, axes, many = DRAWN[one["chart"]["kind"]](one["chart"])
    axes.set_title(plain(one["title"]))
    if many > 1:
        axes.legend(fontsize="small")
    figure.tight_layout()
    plt.show()
    plt.close(figure)

print(f"{len(run['figures'])} figures of the report")
