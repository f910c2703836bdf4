//! What a vote of three costs beyond the three calls that it makes: CPU of a trial.
//!
//! Both sides run the same strategies over the same gateway, without store and report: a
//! trial with a vote of three simulated models, and three trials that ask one each. An
//! argument gives the number of trials, else 100,000.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::cast_precision_loss, reason = "numbers to be read by people")]
#![expect(clippy::disallowed_methods, reason = "reads a clock")]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use crucible::base::Digest;
use crucible::catalogue::{self, Assembly, Materials, Needs};
use crucible::lang::{self, Files};
use crucible::script::Host;
use crucible::strategy::{TrialContext, TrialKey};

struct Memory(String);

impl Files for Memory {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.clone().into())
    }
}

/// Rounds of which the fastest counts: what disturbs only adds.
const ROUNDS: u32 = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let given = std::env::args().find_map(|argument| argument.parse().ok());
    let trials: usize = given.unwrap_or(100_000);
    let assembly = assembled(trials)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut best = [f64::INFINITY; 2];
    for _ in 0..ROUNDS {
        for (side, conditions) in [[0, 0, 0].as_slice(), &[1]].into_iter().enumerate() {
            let start = Instant::now();
            for item in 0..trials {
                for (place, condition) in conditions.iter().enumerate() {
                    runtime.block_on(trial(&assembly, *condition, item, place))?;
                }
            }
            let each = start.elapsed().as_secs_f64() * 1e6 / trials as f64;
            best[side] = best[side].min(each);
        }
    }
    let [asks, vote] = best;
    println!("three asks       {asks:>8.2} µs");
    println!("a vote of three  {vote:>8.2} µs");
    println!("more             {:>8.2} µs", vote - asks);
    Ok(())
}

fn assembled(trials: usize) -> Result<Assembly, Box<dyn Error>> {
    let files = Memory(format!(
        "experiment e {{ seed: 1 }}\nmodel a = sim(accuracy: 70%)\n\
         dataset d = items({trials}, |i| #{{ input: `${{i}}`, target: i }})\n\
         condition one = ask(a)\ncondition three = vote([a, a, a], answer: last_number)\n\
         metric correct = exact_match()\n"
    ));
    let host = Host::default();
    let loaded = lang::load("e.crucible", &files, &catalogue::signatures(), &host, &[]);
    let experiment = loaded.experiment.ok_or("the experiment does not check")?;
    let materials = Materials::load(&experiment, host)?;
    Ok(catalogue::assemble(&experiment, &materials, &Needs::default())?)
}

async fn trial(
    assembly: &Assembly,
    condition: usize,
    item: usize,
    place: usize,
) -> Result<(), Box<dyn Error>> {
    let item = assembly.items.get(item).ok_or("no such item")?;
    let strategy = assembly.strategies.get(condition).ok_or("no such condition")?;
    let digest = Digest::of(
        &[place.to_le_bytes().as_slice(), item.digest.as_bytes().as_slice()].concat(),
    );
    let key = TrialKey { digest, repeat: 0, seed: 1 };
    let ctx = TrialContext::new(Arc::clone(&assembly.gateway), item, key);
    let output = ctx.finish(strategy.as_ref()).await?;
    std::hint::black_box((output, ctx.take_calls()));
    Ok(())
}
