//! What resampling and clustered errors cost, beside SciPy and statsmodels.
//!
//! Prints the CPU time of all threads and the wall time of a call, each the median of several
//! rounds. With `PYTHON=/path/to/python`, one that has SciPy and statsmodels, the peers are
//! measured in the same run, between two halves of the rounds, on data of the same shape, and
//! the ratio of the CPU times stands beside them. CPU is as Linux tells it.
#![expect(clippy::disallowed_methods, reason = "starts the peers and reads the clock")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crucible::base::Stream;
use crucible::stats::{
    Bootstrap, BootstrapMethod, Design, Estimand, Resampling, Statistic, StatsError,
    UnitMean, Units, differences, permute_groups, permute_pairs,
};

/// Rounds before and after the peers.
const ROUNDS: usize = 5;

/// A call is repeated until so much time has passed.
const ENOUGH: Duration = Duration::from_millis(200);

/// Pairs of trials of the clustered comparison, two conditions each.
const PAIRS: u32 = 500_000;

type Call<'a> = Box<dyn Fn() -> Result<f64, StatsError> + 'a>;

const MEAN: Estimand = Estimand::Of(Statistic::Mean);
const GAP: Estimand = Estimand::Difference(Statistic::Mean);
const SD: Estimand = Estimand::Of(Statistic::StandardDeviation);
const MEDIAN: Estimand = Estimand::Of(Statistic::Quantile(0.5));

/// A call, what its peer is called, and how many times as fast it is meant to be.
struct Task<'a> {
    name: &'static str,
    aim: f64,
    call: Call<'a>,
}

impl<'a> Task<'a> {
    fn new(
        name: &'static str,
        aim: f64,
        call: impl Fn() -> Result<f64, StatsError> + 'a,
    ) -> Self {
        Self { name, aim, call: Box::new(call) }
    }
}

/// Times of one call in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Times {
    cpu_ms: f64,
    wall_ms: f64,
}

struct Data {
    reals: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    left: Vec<f64>,
    right: Vec<f64>,
    a: Vec<f64>,
    b: Vec<f64>,
    items: Vec<u32>,
    shuffled: Vec<u32>,
    topics: Vec<u32>,
}

impl Data {
    fn new() -> Self {
        let mut stream = Stream::new(1, "bench");
        let mut normals = |n: u32, centre: f64| -> Vec<f64> {
            (0..n).map(|_| centre + stream.normal()).collect()
        };
        let (reals, left, right) =
            (normals(1_000, 0.0), normals(500, 0.0), normals(500, 0.1));
        let mut scores = |n: u32, share: f64| -> Vec<f64> {
            (0..n).map(|_| if stream.unit() < share { 1.0 } else { 0.0 }).collect()
        };
        let (first, second) = (scores(1_000, 0.8), scores(1_000, 0.75));
        let (a, b) = (scores(PAIRS, 0.7), scores(PAIRS, 0.69));
        let items: Vec<u32> = (0..PAIRS).collect();
        let topics: Vec<u32> = items.iter().map(|item| item / 50).collect();
        let mut shuffled = topics.clone();
        Stream::new(2, "bench").shuffle(&mut shuffled);
        Self { reals, first, second, left, right, a, b, items, shuffled, topics }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let data = Data::new();
    let tasks = tasks(&data);
    let mut rounds = vec![Vec::new(); tasks.len()];
    measure(&tasks, &mut rounds)?;
    let peers = std::env::var("PYTHON").ok().map(|python| peers(&python)).transpose()?;
    measure(&tasks, &mut rounds)?;
    println!(
        "{:<44} {:>10} {:>10} {:>10} {:>8} {:>6}",
        "", "CPU ms", "wall ms", "peer CPU", "ratio", "aim"
    );
    for (task, rounds) in tasks.iter().zip(&rounds) {
        let Times { cpu_ms, wall_ms } = median(rounds);
        let peer = peers.as_ref().and_then(|peers| peers.get(task.name));
        let beside = peer.map_or_else(String::new, |peer| {
            format!(
                "{:>10.3} {:>7.1}x {:>5.0}x",
                peer.cpu_ms,
                peer.cpu_ms / cpu_ms,
                task.aim
            )
        });
        println!("{:<44} {cpu_ms:>10.3} {wall_ms:>10.3} {beside}", task.name);
    }
    Ok(())
}

fn tasks(data: &Data) -> Vec<Task<'_>> {
    let Data { reals, first, second, left, right, items, topics, shuffled, .. } = data;
    vec![
        Task::new("BCa mean, 1,000 reals", 5.0, || bca(&[reals], MEAN)),
        Task::new("BCa mean, 1,000 of 0/1", 50.0, || bca(&[first], MEAN)),
        Task::new("BCa paired difference, 1,000 of 0/1", 50.0, || {
            bca(&[first, second], GAP)
        }),
        Task::new("BCa sd, 1,000 reals", 5.0, || bca(&[reals], SD)),
        Task::new("BCa median, 1,000 reals", 5.0, || bca(&[reals], MEDIAN)),
        Task::new("permutation, 2 x 500", 10.0, || {
            Ok(permute_groups(left, right, &plan())?.tails.two_sided())
        }),
        Task::new("permutation of 500 pairs", 10.0, || {
            Ok(permute_pairs(left, right, &plan())?.tails.two_sided())
        }),
        Task::new("paired, 1,000,000 trials by item", 20.0, || clustered(data, items)),
        Task::new("paired, 1,000,000 trials by topic", 20.0, || clustered(data, topics)),
        Task::new("paired, 1,000,000 trials, topics shuffled", 20.0, || {
            clustered(data, shuffled)
        }),
    ]
}

fn bca(samples: &[&[f64]], estimand: Estimand) -> Result<f64, StatsError> {
    let boot = Bootstrap::new(samples, Design::Rows, estimand, &plan())?;
    Ok(boot.interval(BootstrapMethod::Bca, 0.95)?.low)
}

fn plan() -> Resampling {
    Resampling::new(2, "bench")
}

/// Compares two conditions over the same items: difference, interval and p.
fn clustered(data: &Data, labels: &[u32]) -> Result<f64, StatsError> {
    let gaps = differences(&data.a, &data.b)?;
    let fit = UnitMean::new(&gaps, &Units::labelled(labels))?;
    Ok(fit.tails(0.0)?.two_sided() + fit.interval(0.95)?.low)
}

/// Goes round the calls, so that what else the machine does falls on all of them.
fn measure(tasks: &[Task<'_>], rounds: &mut [Vec<Times>]) -> Result<(), Box<dyn Error>> {
    for _ in 0..ROUNDS {
        for (task, times) in tasks.iter().zip(rounds.iter_mut()) {
            let (wall, cpu) = (Instant::now(), cpu()?);
            let mut calls = 0_u32;
            while wall.elapsed() < ENOUGH {
                black_box((task.call)()?);
                calls += 1;
            }
            let wall_ms = wall.elapsed().as_secs_f64() * 1e3 / f64::from(calls);
            let cpu_ms = (self::cpu()? - cpu).as_secs_f64() * 1e3 / f64::from(calls);
            times.push(Times { cpu_ms, wall_ms });
        }
    }
    Ok(())
}

fn median(rounds: &[Times]) -> Times {
    let middle = |of: fn(&Times) -> f64| {
        let mut all: Vec<f64> = rounds.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Times { cpu_ms: middle(|times| times.cpu_ms), wall_ms: middle(|times| times.wall_ms) }
}

/// Returns the CPU time of all threads of this process.
fn cpu() -> Result<Duration, Box<dyn Error>> {
    let mut nanoseconds = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let told = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += told.split_whitespace().next().unwrap_or("0").parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Runs the peers; each prints its name, CPU and wall time, apart by tabs.
fn peers(python: &str) -> Result<BTreeMap<String, Times>, Box<dyn Error>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/stats_peers.py");
    let output = Command::new(python).arg(script).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let mut peers = BTreeMap::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let mut parts = line.split('\t');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(name), Some(cpu), Some(wall)) => {
                let times = Times { cpu_ms: cpu.parse()?, wall_ms: wall.parse()? };
                peers.insert(name.to_owned(), times);
            }
            _ => println!("{line}"),
        }
    }
    Ok(peers)
}
