//! Laws of the statistics on any slice: no panic, every p a probability, and what swapping,
//! shifting and scaling the data must do.

use crucible::stats::{
    ClusteredShare, Correction, McNemar, Mover, PairedRatio, PercentileBootstrap, PlugIn,
    Pooled, PooledQuantile, Resampling, StudentisedBootstrap, Tails, Tango, UnitMean,
    Units, adjust, binomial_tails, d_z, mean, paired_dominance, quantile, sign_flip,
    skewness, variance,
};
use proptest::prelude::*;

fn plan() -> Resampling {
    Resampling { resamples: 60, seed: 1, name: "law".to_owned() }
}

/// Takes what only had to be computed without a panic.
fn computed<T>(_: T) {}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -100.0..100.0_f64,
        3 => prop_oneof![Just(0.0), Just(1.0), Just(0.1), Just(1e9), Just(1e9 + 1e-6)],
        1 => any::<f64>(),
    ]
}

fn sane(tails: Tails) {
    for p in [tails.greater, tails.less, tails.two_sided()] {
        assert!((0.0..=1.0).contains(&p), "{tails:?}");
    }
}

proptest! {
    #[test]
    fn no_slice_makes_a_panic_or_a_p_that_is_none(
        xs in prop::collection::vec(any_value(), 0..12),
        ys in prop::collection::vec(any_value(), 0..12),
        labels in prop::collection::vec(0..4_u8, 0..12),
        margin in any_value(),
        q in prop_oneof![0.0..1.0_f64, Just(f64::NAN), Just(2.0)],
    ) {
        computed((mean(&xs), variance(&xs), skewness(&xs), quantile(&xs, q)));
        computed((d_z(&xs), paired_dominance(&xs)));
        for units in [Units::single(xs.len()), Units::labelled(&labels)] {
            if let Ok(fit) = UnitMean::new(&xs, &units) {
                fit.tails(margin).into_iter().for_each(sane);
                computed(fit.interval(0.95));
                if let Ok(share) = ClusteredShare::new(&fit, xs.len()) {
                    share.tails(margin).into_iter().for_each(sane);
                    share.exact_tails(margin).into_iter().for_each(sane);
                    let wilson = share.interval(0.95).unwrap();
                    prop_assert!(0.0 <= wilson.low && wilson.high <= 1.0);
                    prop_assert!(wilson.low < wilson.high, "{wilson:?}");
                }
            }
            if let Ok(fit) = UnitMean::with_pseudo_items(&xs, &units, 1.0) {
                fit.tails(margin).into_iter().for_each(sane);
            }
            if let Ok(boot) = StudentisedBootstrap::new(&xs, &units, &plan()) {
                boot.tails(margin).into_iter().for_each(sane);
                computed(boot.interval(0.9));
            }
            if let Ok(flip) = sign_flip(&xs, &units, margin, &plan()) {
                sane(flip.tails);
            }
            computed(PairedRatio::new(&xs, &ys, &units, 0.95));
            let quantiles = [&xs, &ys]
                .map(|values| PooledQuantile::new(values, &units, q));
            if let [Ok(a), Ok(b)] = quantiles {
                let contrast = Mover::new(vec![(1.0, a), (-1.0, b)]).unwrap();
                computed((contrast.tails(margin), contrast.interval(0.95)));
            }
            let what = PlugIn::Quantile(q);
            let pooled = [&xs, &ys].map(|values| Pooled { values, units: units.of(), what });
            let boot =
                PercentileBootstrap::new(&pooled, units.count(), |p| p[0] - p[1], &plan());
            if let Ok(boot) = boot {
                sane(boot.tails(margin));
                prop_assert!((0.0..=1.0).contains(&boot.two_sided(margin)));
                computed(boot.interval(0.95));
            }
        }
        computed(adjust(&xs, Correction::Holm));
    }

    #[test]
    fn counts_have_tails_that_swap_with_the_sides(b in 0..40_u64, c in 0..40_u64, more in 0..40_u64, margin in -0.9..0.9_f64) {
        let (there, back) = (McNemar::new(b, c), McNemar::new(c, b));
        prop_assert!((there.exact.greater - back.exact.less).abs() < 1e-12);
        sane(there.mid);
        let n = b + c + more + 1;
        let (there, back) = (Tango::new(b, c, n).unwrap(), Tango::new(c, b, n).unwrap());
        let (p, r) = (there.tails(margin).unwrap(), back.tails(-margin).unwrap());
        sane(p);
        prop_assert!((p.greater - r.less).abs() < 1e-9, "{p:?} {r:?}");
        let (one, other) = (there.interval(0.95).unwrap(), back.interval(0.95).unwrap());
        prop_assert!((one.low + other.high).abs() < 1e-9, "{one:?} {other:?}");
        prop_assert!(one.holds(there.estimate()) && one.low < one.high);
        sane(binomial_tails(b, n, margin.abs()).unwrap());
    }

    #[test]
    fn shifts_and_scales_move_means_and_leave_p(
        xs in prop::collection::vec(-50.0..50.0_f64, 3..20),
        shift in -100.0..100.0_f64,
        scale in 0.01..100.0_f64,
    ) {
        let labels: Vec<usize> = (0..xs.len()).map(|i| i / 2).collect();
        let units = Units::labelled(&labels);
        let moved: Vec<f64> = xs.iter().map(|x| scale * x + shift).collect();
        let (fit, other) =
            (UnitMean::new(&xs, &units).unwrap(), UnitMean::new(&moved, &units).unwrap());
        prop_assume!(fit.se > 1e-6);
        prop_assert!((other.df - fit.df).abs() < 1e-9);
        prop_assert!((other.se / (scale * fit.se) - 1.0).abs() < 1e-6);
        let (p, r) = (fit.tails(1.0).unwrap(), other.tails(scale + shift).unwrap());
        prop_assert!((p.greater - r.greater).abs() < 1e-6, "{p:?} {r:?}");
        let boots = [(&xs, 1.0), (&moved, scale + shift)].map(|(values, margin)| {
            StudentisedBootstrap::new(values, &units, &plan()).unwrap().tails(margin).unwrap()
        });
        // The same draws: only a tie broken by rounding may differ.
        prop_assert!((boots[0].greater - boots[1].greater).abs() < 0.04);
    }
}
