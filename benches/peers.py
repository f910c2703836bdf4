#!/usr/bin/env python3
"""The same questions for crucible-run and for other tools, against one stand-in server.

    PEERS=… MOCKLLM=… python3 benches/peers.py --out results.jsonl --tools crucible,inspect,promptfoo,lm_eval \
        --conditions zero,const50,ftruncate --n 1000 --reps 3

takes the driver of the peers (the folder `PEERS_BENCH`, by default ../shared/bench/peers; its setup.sh makes PEERS and
MOCKLLM) and adds the tool `crucible`, which is target/release/crucible-run (another: CRUCIBLE_RUN). CPU is that of the
whole tree of processes, start included; every run has a fresh server, folder and home.
"""
import json
import os
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.environ.get("PEERS_BENCH", os.path.join(HERE, "../../shared/bench/peers"))
sys.path.insert(0, BENCH)
import bench  # noqa: E402

PROGRAM = os.environ.get("CRUCIBLE_RUN", os.path.join(HERE, "../target/release/crucible-run"))
FILE = """experiment arith {{ concurrency: {conc}, timeout: 10s, max_failures: 100% }}
model m = openai("mock") {{ base_url: "{base}", concurrency: {conc}, temperature: 0 }}
dataset d = jsonl("{questions}") {{ input: "question", target: "answer" }}
condition c = ask(m)
metric correct = exact_match(extract: last_number)
"""
cmd, parse = bench.cmd, bench.parse


def with_crucible(tool, n, port, d, extra=()):
    if tool != "crucible":
        return cmd(tool, n, port, d, extra)
    first = json.loads(open(f"{bench.DATA}/q{n}.jsonl").readline())
    columns = {"question": next(k for k in ("question", "input") if k in first),
               "answer": next(k for k in ("answer", "target") if k in first)}
    text = FILE.format(conc=bench.CONC, base=f"http://127.0.0.1:{port}/v1", questions=f"{bench.DATA}/q{n}.jsonl")
    for name, column in columns.items():
        text = text.replace(f': "{name}"', f': "{column}"')
    open(f"{d}/arith.crucible", "w").write(text)
    return [PROGRAM, "arith.crucible", "--yes", "--format", "json", *extra], {}


def parse_crucible(tool, out, n, d):
    if tool != "crucible":
        return parse(tool, out, n, d)
    found = json.loads(out[out.index("{"):])
    correct = found["conditions"]["c"]["correct"]
    return {"accuracy": correct["mean"], "scored": found["trials"]["done"] - found["trials"]["failed"], "errors": found["trials"]["failed"]}


def table(path):
    rows = {}
    for line in open(path):
        r = json.loads(line)
        rows.setdefault((r["cond"], r["n"], r["tool"]), []).append(r)
    print("| condition | n | tool | CPU s | CPU ms a sample | peak MB | answered well | requests |\n| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for (cond, n, tool), rs in sorted(rows.items()):
        m = lambda f: statistics.median(f(r) for r in rs)
        scored = rs[-1]["reported"].get("scored")
        print(f"| {cond} | {n} | {tool} | {m(lambda r: r['cpu']):.2f} | {1e3 * m(lambda r: r['cpu']) / n:.3f} | {m(lambda r: r['rss_mb']):.0f} "
              f"| {'killed' if rs[-1]['timed_out'] else scored} | {m(lambda r: r['requests']):.0f} |")


if __name__ == "__main__":
    bench.cmd, bench.parse = with_crucible, parse_crucible
    bench.main()
    table(sys.argv[sys.argv.index("--out") + 1])
