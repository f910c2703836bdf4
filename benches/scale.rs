//! What a trial costs as runs grow: CPU and peak memory of the program itself.
//!
//! Each size is a run of `crucible-run` of its own, in a folder of its own, with a simulated
//! model that takes no time. CPU is that of the program, its report included; memory is its
//! peak resident set, as Linux tells it. Arguments: the sizes, else 1,000 to 1,000,000.
#![expect(clippy::disallowed_methods, reason = "starts the program and reads its clock")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::cast_precision_loss, reason = "numbers to be read by people")]

use std::error::Error;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ticks of the kernel's clock a second, the same on every Linux.
const TICKS: f64 = 100.0;

const SIZES: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Writes an experiment of so many trials.
type Writes = fn(u64) -> String;

/// An experiment of one condition, and of two that are compared.
const EXPERIMENTS: [(&str, Writes); 2] = [
    ("one condition", |trials| {
        format!(
            "experiment one {{ seed: 1, concurrency: 64 }}
model m = sim(accuracy: 80%, price: [$0.15/Mtok, $0.60/Mtok])
dataset d = items({trials}, |i| #{{ input: `What is ${{i}} + 5?`, target: i + 5 }})
condition a = ask(m)
metric correct = exact_match(extract: last_number)
hypothesis h {{ claim: a.correct > 79% }}
"
        )
    }),
    ("two conditions, four hypotheses", |trials| {
        format!(
            "experiment two {{ seed: 1, concurrency: 64 }}
model m = sim(accuracy: 80%, price: [$0.15/Mtok, $0.60/Mtok])
model n = sim(accuracy: 81%, price: [$0.20/Mtok, $0.80/Mtok])
dataset d = items({}, |i| #{{ input: `What is ${{i}} + 5?`, target: i + 5 }})
condition a = ask(m)
condition b = ask(n)
metric correct = exact_match(extract: last_number)
metric length = score(|output, item| output.text.len())
hypothesis h1 {{ claim: b.correct > a.correct }}
hypothesis h2 {{ claim: mean(b.cost) <= 2 * mean(a.cost) }}
hypothesis h3 {{ claim: p90(b.latency) <= 2 * p90(a.latency) }}
hypothesis h4 {{ claim: mean(b.length) <= 2 * mean(a.length) }}
",
            trials / 2
        )
    }),
];

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo hands `--bench` to every bench.
    let given: Vec<u64> = std::env::args().filter_map(|size| size.parse().ok()).collect();
    let sizes = if given.is_empty() { SIZES.to_vec() } else { given };
    println!(
        "| experiment | trials | wall s | CPU ms a trial | peak MB of the run | report: CPU s | report: peak MB |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (name, text) in EXPERIMENTS {
        for &size in &sizes {
            let folder = tempfile::tempdir()?;
            std::fs::write(folder.path().join("scale.crucible"), text(size))?;
            let run = measured(folder.path(), &["run", "scale.crucible"])?;
            let newest = std::fs::read_dir(folder.path().join("runs"))?
                .filter_map(|entry| Some(entry.ok()?.path()))
                .find(|path| path.is_dir())
                .ok_or("the run left no folder")?;
            let newest = newest.display().to_string();
            let report = measured(folder.path(), &["report", &newest])?;
            println!(
                "| {name} | {size} | {:.1} | {:.3} | {:.0} | {:.2} | {:.0} |",
                run.wall.as_secs_f64(),
                run.cpu_seconds * 1e3 / size as f64,
                run.peak_mb,
                report.cpu_seconds,
                report.peak_mb
            );
        }
    }
    Ok(())
}

/// What a run of the program took.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    wall: Duration,
    cpu_seconds: f64,
    peak_mb: f64,
}

fn measured(folder: &Path, arguments: &[&str]) -> Result<Taken, Box<dyn Error>> {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut taken = Taken::default();
    // The numbers of a process that ended are gone, so they are read while it runs; the last
    // look is at most five milliseconds old.
    loop {
        if let Some(now) = look(&child) {
            taken = Taken { wall: began.elapsed(), ..now };
        }
        if let Some(status) = child.try_wait()? {
            if !status.success() {
                return Err(format!("{arguments:?} ended with {status}").into());
            }
            return Ok(taken);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Reads what the kernel says of a process.
fn look(child: &Child) -> Option<Taken> {
    let file =
        |name| std::fs::read_to_string(format!("/proc/{}/{name}", child.id())).ok();
    let stat = file("stat")?;
    // The fields after the name, which may hold spaces: user and system time are 14 and 15.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    let status = file("status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = peak.split_whitespace().next()?.parse().ok()?;
    Some(Taken {
        wall: Duration::ZERO,
        cpu_seconds: (ticks(11)? + ticks(12)?) / TICKS,
        peak_mb: kilobytes * 1024.0 / 1e6,
    })
}
