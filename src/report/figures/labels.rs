//! Finds room for the names of points, beside them and upon nothing else.

use kuva::render::color::Color;
use kuva::render::render::{Primitive, Scene, TextAnchor};

use super::chart::Points;
use super::colours::INK;
use super::letters::Letters;
use super::plot::{MOST_LETTERS, SMALL, shown};

/// Into how many pieces a line is cut to see what lies upon it.
const PIECES: u32 = 40;

/// A box: left, top, right, bottom.
type Room = [f64; 4];

/// Writes the name of each point where the least is in its way.
pub(super) fn label(
    scene: &mut Scene,
    points: &Points,
    map: &dyn Fn([f64; 2]) -> [f64; 2],
) {
    let letters = Letters::new();
    let size = f64::from(SMALL);
    let drawn = drawn(points, map);
    let mut taken: Vec<Room> = Vec::new();
    for point in &points.points {
        let words = shown(&point.name, MOST_LETTERS);
        let width = letters.width(&words, size);
        let [x, y] = map([point.x, point.y]);
        // To the right and left, below and above, near and further off.
        let places = [
            (8.0, 14.0),
            (8.0, -6.0),
            (-8.0 - width, 14.0),
            (-8.0 - width, -6.0),
            (10.0, 4.0),
            (-10.0 - width, 4.0),
            (8.0, 28.0),
            (-8.0 - width, -20.0),
            (8.0, -20.0),
            (-8.0 - width, 28.0),
            (-width / 2.0, 28.0),
            (-width / 2.0, -20.0),
        ];
        let room = |(right, down): (f64, f64)| -> Room {
            let (left, foot) = (x + right, y + down);
            [left, foot - size * 0.8, left + width, foot + size * 0.25]
        };
        let badness = |room: &Room| -> usize {
            let [left, top, right, bottom] = *room;
            let outside = left < 2.0
                || right > scene.width - 2.0
                || top < 2.0
                || bottom > scene.height - 40.0;
            let under = drawn
                .iter()
                .filter(|[x, y]| (left..=right).contains(x) && (top..=bottom).contains(y))
                .count();
            let upon = taken.iter().filter(|other| overlap(room, other)).count();
            under + upon * 1_000 + usize::from(outside) * 10_000
        };
        let best = places.into_iter().map(room).min_by_key(badness);
        let Some(best) = best else { continue };
        scene.add(Primitive::Text {
            x: best[0],
            y: best[1] + size * 0.8,
            content: words,
            size: SMALL,
            anchor: TextAnchor::Start,
            rotate: None,
            bold: false,
            color: Some(Color::from(INK)),
        });
        taken.push(best);
    }
}

fn overlap(one: &Room, other: &Room) -> bool {
    one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3]
}

/// Returns places along all that is drawn.
fn drawn(points: &Points, map: &dyn Fn([f64; 2]) -> [f64; 2]) -> Vec<[f64; 2]> {
    let mut places = Vec::new();
    let mut line = |from: [f64; 2], to: [f64; 2]| {
        let (from, to) = (map(from), map(to));
        for piece in 0..=PIECES {
            let part = f64::from(piece) / f64::from(PIECES);
            places.push([0, 1].map(|i| from[i] + (to[i] - from[i]) * part));
        }
    };
    let mut best: Vec<[f64; 2]> =
        points.points.iter().filter(|p| p.frontier).map(|p| [p.x, p.y]).collect();
    best.sort_by(|a, b| a[0].total_cmp(&b[0]));
    for pair in best.windows(2) {
        line(pair[0], pair[1]);
    }
    for point in &points.points {
        if let Some([low, high]) = point.x_ci {
            line([low, point.y], [high, point.y]);
        }
        if let Some([low, high]) = point.y_ci {
            line([point.x, low], [point.x, high]);
        }
        line([point.x, point.y], [point.x, point.y]);
    }
    places
}
