//! Random numbers from the stream of the trial.

use rhai::{Array, Dynamic, FLOAT, INT, Module};

use super::{HostFunction, Returned};
use crate::base::Stream;
use crate::script::control;

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        name: "random",
        signature: "random() -> number",
        doc: "A random number from 0 up to but not including 1, from the trial's own seeded stream.",
        example: "let x = random(); x >= 0.0 && x < 1.0",
    },
    HostFunction {
        name: "random",
        signature: "random(from, to) -> integer",
        doc: "A random whole number, both ends included.",
        example: "let x = random(1, 6); x >= 1 && x <= 6",
    },
    HostFunction {
        name: "shuffled",
        signature: "shuffled(list) -> list",
        doc: "A copy in random order.",
        example: "shuffled([3, 3]) == [3, 3]",
    },
    HostFunction {
        name: "choice",
        signature: "choice(list) -> value or ()",
        doc: "A random element.",
        example: "choice([7]) == 7 && choice([]) == ()",
    },
];

pub(super) fn register(module: &mut Module) {
    volatile(module, "random", || drawn(Stream::unit));
    rhai::FuncRegistration::new("random")
        .in_internal_namespace()
        .with_volatility(true)
        .set_into_module(module, |from: INT, to: INT| between(from, to));
    rhai::FuncRegistration::new("shuffled")
        .in_internal_namespace()
        .with_volatility(true)
        .set_into_module(module, |mut list: Array| -> Returned<Array> {
            drawn(|stream| stream.shuffle(&mut list))?;
            Ok(list)
        });
    rhai::FuncRegistration::new("choice")
        .in_internal_namespace()
        .with_volatility(true)
        .set_into_module(module, |list: Array| -> Returned<Dynamic> {
            let index = drawn(|stream| stream.below(list.len() as u64))?;
            let index = usize::try_from(index).unwrap_or_default();
            Ok(list.get(index).cloned().unwrap_or(Dynamic::UNIT))
        });
}

fn volatile(
    module: &mut Module,
    name: &str,
    draw: impl Fn() -> Returned<FLOAT> + Send + Sync + 'static,
) {
    rhai::FuncRegistration::new(name)
        .in_internal_namespace()
        .with_volatility(true)
        .set_into_module(module, draw);
}

fn between(from: INT, to: INT) -> Returned<INT> {
    if from > to {
        return Err(format!("`random({from}, {to})` has no number to draw").into());
    }
    let many = to.abs_diff(from).saturating_add(1);
    let offset = drawn(|stream| stream.below(many))?;
    Ok(from.wrapping_add_unsigned(offset))
}

fn drawn<T>(draw: impl FnOnce(&mut Stream) -> T) -> Returned<T> {
    control::draw(draw)
        .ok_or_else(|| "there are no random numbers here: no trial runs".into())
}
