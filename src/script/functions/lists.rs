//! Lists: joining, and what is usually asked of numbers and votes.

use rhai::{Array, Dynamic, FLOAT, INT, ImmutableString, Module};

use super::{HostFunction, Returned};

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        name: "joined",
        signature: "joined(list, between) -> text",
        doc: "The elements as one text.",
        example: "joined([1, \"a\"], \", \") == \"1, a\"",
    },
    HostFunction {
        name: "sum",
        signature: "sum(list) -> number",
        doc: "The sum of numbers; whole when all are.",
        example: "sum([1, 2]) == 3",
    },
    HostFunction {
        name: "mean",
        signature: "mean(list) -> number or ()",
        doc: "The mean of numbers.",
        example: "mean([1, 2]) == 1.5 && mean([]) == ()",
    },
    HostFunction {
        name: "median",
        signature: "median(list) -> number or ()",
        doc: "The middle number, or the mean of the two in the middle.",
        example: "median([9, 1, 2, 4]) == 3.0",
    },
];

pub(super) fn register(module: &mut Module) {
    module.set_native_fn("joined", |list: Array, between: ImmutableString| {
        let texts: Vec<String> = list.iter().map(ToString::to_string).collect();
        Ok(texts.join(&between))
    });
    module.set_native_fn("sum", |list: Array| sum(&list));
    module.set_native_fn("mean", |list: Array| {
        let values = floats(&list)?;
        Ok(mean(&values).map_or(Dynamic::UNIT, Dynamic::from))
    });
    module.set_native_fn("median", |list: Array| {
        let values = floats(&list)?;
        Ok(median(values).map_or(Dynamic::UNIT, Dynamic::from))
    });
}

fn sum(list: &Array) -> Returned<Dynamic> {
    let whole = list
        .iter()
        .map(|value| value.as_int().ok())
        .try_fold(0 as INT, |sum, value| sum.checked_add(value?));
    match whole {
        Some(sum) => Ok(sum.into()),
        None => Ok(floats(list)?.iter().sum::<FLOAT>().into()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a list has fewer than 2⁵³ elements")]
fn mean(values: &[FLOAT]) -> Option<FLOAT> {
    (!values.is_empty()).then(|| values.iter().sum::<FLOAT>() / values.len() as FLOAT)
}

fn median(mut values: Vec<FLOAT>) -> Option<FLOAT> {
    values.sort_by(FLOAT::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(*values.get(middle.checked_sub(1)?)?, upper))
}

#[expect(clippy::cast_precision_loss, reason = "as Rhai itself mixes numbers")]
fn floats(list: &Array) -> Returned<Vec<FLOAT>> {
    list.iter()
        .map(|value| {
            value
                .as_float()
                .or_else(|_| value.as_int().map(|whole| whole as FLOAT))
                .map_err(|found| {
                    format!("numbers are due in the list, not {found}").into()
                })
        })
        .collect()
}
