#!/usr/bin/env python3
"""A hedge over HTTP against a server with stragglers: what it does to the tail, and what the server sees of the losers.

    MOCKLLM=…/mockllm python3 benches/hedging_http.py [--n 3000] [--tail bimodal:20,400,0.04] [--after p90]

starts `mockllm` (the stand-in server beside the repository; MOCKLLM says where it is) with answers that take 20 ms and,
4% of them, 400 ms, asks it each question once plainly and once hedged with target/release/crucible-run (another:
CRUCIBLE_RUN), and reads the program's findings and the server's log. A request that was cancelled is counted as one.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.abspath(os.environ.get("CRUCIBLE_RUN", os.path.join(HERE, "../target/release/crucible-run")))
SERVER = os.environ.get("MOCKLLM", "mockllm")
FILE = """experiment hedging_http {{ seed: 7, concurrency: {conc} }}
model plainly = openai("plainly") {{ base_url: "http://127.0.0.1:{port}/v1", price: [$1/Mtok, $2/Mtok] }}
model api     = openai("api")     {{ base_url: "http://127.0.0.1:{port}/v1", price: [$1/Mtok, $2/Mtok] }}
dataset pings = items({n}, |i| #{{ input: `Say ${{i}}`, target: i }})
condition plain  = ask(plainly)
condition hedged = hedge(api, after: {after}, backups: 1)
metric answered = score(|output, item| output.text != "")
hypothesis tail  {{ claim: p99(hedged.latency) <= 50% * p99(plain.latency) }}
hypothesis price {{ claim: sum(hedged.requests) <= 112% * sum(plain.requests) }}
"""


def flags():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=3000)
    parser.add_argument("--conc", type=int, default=32)
    parser.add_argument("--tail", default="bimodal:20,400,0.04", help="mockllm's --latency")
    parser.add_argument("--after", default="p90", help="hedge's after:")
    return parser.parse_args()


def served(folder, tail):
    """Starts the server; returns it and its port."""
    port = os.path.join(folder, "port")
    server = subprocess.Popen([SERVER, "--listen", "127.0.0.1:0", "--port-file", port, "--latency", tail,
                               "--log", os.path.join(folder, "log.jsonl")], stderr=subprocess.DEVNULL)
    for _ in range(200):
        if os.path.exists(port) and open(port).read().strip():
            return server, open(port).read().strip().rsplit(":")[-1]
        time.sleep(0.02)
    sys.exit("the server did not start")


def closings(log):
    """Milliseconds from each winner's answer to the end of its loser's connection."""
    races = {}
    for line in log:
        race = races.setdefault(line["h"], {})
        race["lost" if line.get("cancelled") else "won"] = line["t"] * 1e3 + line["dur_ms"]
    return [race["lost"] - race["won"] for race in races.values() if len(race) == 2]


def main():
    args = flags()
    with tempfile.TemporaryDirectory() as folder:
        server, port = served(folder, args.tail)
        try:
            with open(os.path.join(folder, "race.crucible"), "w") as file:
                file.write(FILE.format(port=port, **vars(args)))
            environment = {**os.environ, "OPENAI_API_KEY": "sk-none"}
            run = subprocess.run([PROGRAM, "race.crucible", "--yes", "--format", "json"], cwd=folder,
                                 env=environment, capture_output=True, text=True)
            if not run.stdout:
                sys.exit(run.stderr)
            time.sleep(0.5)
        finally:
            server.terminate()
            server.wait()
        found = json.loads(run.stdout)
        lines = (json.loads(line) for line in open(os.path.join(folder, "log.jsonl")))
        log = [line for line in lines if line.get("model") == "api"]
    audit = found["hedging"]["hedged"]
    for q in ("p50", "p90", "p99"):
        plain, hedged = (found["conditions"][c]["latency"]["quantiles"][q] * 1e3 for c in ("plain", "hedged"))
        print(f"{q}: {plain:.1f} ms plain, {hedged:.1f} ms hedged ({100 * (1 - hedged / plain):.0f}% less)")
    print(f"extra requests: {100 * audit['extra_requests']:.1f}%; the server saw {len(log)} for {args.n} trials")
    gone = sorted(closings(log))
    lost = sum(1 for line in log if line.get("cancelled"))
    print(f"connections of losers closed: {lost}; of them {sum(1 for ms in gone if ms <= 20)} of {len(gone)} within 20 ms of the "
          f"winner's answer, the median after {gone[len(gone) // 2]:.1f} ms, the last after {gone[-1]:.1f} ms")
    for name, hypothesis in found["hypotheses"].items():
        print(f"{name}: {hypothesis['verdict']}")


if __name__ == "__main__":
    main()
