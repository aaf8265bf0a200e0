//! The plots of the page, as SVG.

use std::fs;
use std::io;
use std::path::Path;

use plotters::coord::combinators::WithKeyPoints;
use plotters::prelude::*;

use super::job::Kind;
use super::tables::{self, Group};

/// A plot that was drawn.
pub struct Drawn {
    /// The name of its file.
    pub file: &'static str,
    /// What stands above it.
    pub title: String,
}

/// What is drawn: both axes are logarithmic.
struct Plot {
    title: String,
    x: &'static str,
    y: &'static str,
    x_label: fn(f64) -> String,
    y_label: fn(f64) -> String,
    curves: Vec<Curve>,
}

struct Curve {
    name: String,
    is_floor: bool,
    points: Vec<(f64, f64)>,
}

/// Draws those plots for which there are figures.
pub fn draw(groups: &[Group<'_>], directory: &Path) -> io::Result<Vec<Drawn>> {
    fs::create_dir_all(directory)?;
    let mut drawn = Vec::new();
    for (plot, file) in all(groups) {
        let path = directory.join(file);
        // One of an earlier run would tell of other figures.
        let _ = fs::remove_file(&path);
        let Some(plot) = plot.filter(|plot| !plot.curves.is_empty()) else { continue };
        svg(&plot, &path).map_err(io::Error::other)?;
        drawn.push(Drawn { file, title: plot.title });
    }
    Ok(drawn)
}

/// The plots and their files.
fn all(groups: &[Group<'_>]) -> Vec<(Option<Plot>, &'static str)> {
    let cores: &[&str] = &["two cores", "unpinned"];
    let anywhere: &[&str] = &["unpinned", "two cores"];
    let mut plots = Vec::new();
    let file = "latency-by-size.svg";
    plots.push((
        tables::find(groups, "ping-pong, one way", cores).map(|group| Plot {
            title: format!("Ping-pong: one way of a message, {}", group.placement),
            ..by_size(group)
        }),
        file,
    ));
    let file = "throughput-by-size.svg";
    plots.push((tables::find(groups, "stream, a message", cores).map(|group| throughput(group)), file));
    for (file, title, benches) in super::counted::PLOTS {
        let found: Vec<&Group<'_>> =
            benches.iter().filter_map(|bench| tables::find(groups, bench, anywhere)).collect();
        plots.push((growth(title, &found), file));
    }
    plots
}

/// Time over bytes.
fn by_size(group: &Group<'_>) -> Plot {
    Plot {
        title: String::new(),
        x: "bytes of a message",
        y: "time",
        x_label: |x| tables::bytes(x as u64),
        y_label: time_label,
        curves: curves(group, |_, ns| ns, ""),
    }
}

/// Bytes a second, of those who carry the bytes.
fn throughput(group: &Group<'_>) -> Plot {
    let mut curves = curves(group, |size, ns| size / ns, "");
    curves.retain(|curve| !curve.name.contains(tables::IN_PLACE));
    Plot {
        title: format!("Stream: bytes a second, {}", group.placement),
        x: "bytes of a message",
        y: "GB/s",
        x_label: |x| tables::bytes(x as u64),
        y_label: |y| format!("{y}"),
        curves,
    }
}

/// Time over how many there are: of several benches, each curve with its bench's short name.
fn growth(title: &str, groups: &[&Group<'_>]) -> Option<Plot> {
    let first = groups.first()?;
    let x = tables::counted(first.bench);
    let shared = common_beginning(groups);
    let curves = groups
        .iter()
        .flat_map(|group| {
            let factor = if group.tables.iter().any(|table| table.unit == "us") { 1e3 } else { 1.0 };
            // The title says what one bench is about.
            let prefix = if groups.len() == 1 { "" } else { group.bench[shared..].trim() };
            curves(group, move |_, time| time * factor, prefix)
        })
        .collect();
    Some(Plot {
        title: title.to_owned(),
        x: x.unwrap_or("bytes"),
        y: "time",
        x_label: if x.is_some() { |x| tables::grouped(x as u64) } else { |x| tables::bytes(x as u64) },
        y_label: time_label,
        curves,
    })
}

/// How much the names of several benches have in common, up to a colon or so.
fn common_beginning(groups: &[&Group<'_>]) -> usize {
    let first = groups[0].bench;
    let end = first.find(": ").map_or(0, |at| at + 2);
    if groups.iter().all(|group| group.bench.starts_with(&first[..end])) { end } else { 0 }
}

fn curves(group: &Group<'_>, y: impl Fn(f64, f64) -> f64, prefix: &str) -> Vec<Curve> {
    let curve = |system: &str| {
        let rows = || group.tables.iter().filter_map(|table| table.of(system));
        let points = rows().filter(|row| row.size > 0 && row.median > 0.0);
        Curve {
            name: if prefix.is_empty() { system.to_owned() } else { format!("{prefix}: {system}") },
            is_floor: rows().any(|row| row.kind == Kind::Floor),
            points: points.map(|row| (row.size as f64, y(row.size as f64, row.median))).collect(),
        }
    };
    group.systems().into_iter().map(curve).filter(|curve| !curve.points.is_empty()).collect()
}

fn time_label(ns: f64) -> String {
    tables::amount(ns, "ns")
}

// ---- Drawing ------------------------------------------------------------------------------------------------

/// Colours that can be told apart, also by most who see few (after Okabe and Ito, and Tol).
const COLOURS: [RGBColor; 12] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(136, 34, 85),
    RGBColor(102, 102, 0),
    RGBColor(51, 34, 136),
    RGBColor(170, 68, 68),
    RGBColor(0, 0, 0),
    RGBColor(153, 153, 153),
];

const WIDTH: u32 = 1080;
const HEIGHT: u32 = 540;
/// Where the names of the curves begin.
const NAMES: u32 = 740;
const LINE: i32 = 21;

type Root<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Failed = Box<dyn std::error::Error + Send + Sync>;

fn svg(plot: &Plot, path: &Path) -> Result<(), Failed> {
    let height = HEIGHT.max(60 + plot.curves.len() as u32 * LINE as u32);
    let root = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE).map_err(told)?;
    let (left, right) = root.split_horizontally(NAMES);
    axes_and_curves(plot, &left)?;
    names(plot, &right)?;
    root.present().map_err(told)
}

fn told(error: impl std::fmt::Display) -> Failed {
    error.to_string().into()
}

fn axes_and_curves(plot: &Plot, area: &Root<'_>) -> Result<(), Failed> {
    let points = || plot.curves.iter().flat_map(|curve| &curve.points);
    let xs = sorted(points().map(|point| point.0));
    let ys = sorted(points().map(|point| point.1));
    let mut chart = ChartBuilder::on(area)
        .caption(&plot.title, ("sans-serif", 19))
        .margin(12)
        .x_label_area_size(48)
        .y_label_area_size(84)
        .build_cartesian_2d(axis(&xs, few(&xs, 8)), axis(&ys, decades(&ys)))
        .map_err(told)?;
    chart
        .configure_mesh()
        .x_desc(plot.x)
        .y_desc(plot.y)
        .axis_desc_style(("sans-serif", 15))
        .label_style(("sans-serif", 13))
        .x_label_formatter(&|x| (plot.x_label)(x.round()))
        .y_label_formatter(&|y| (plot.y_label)(*y))
        .light_line_style(TRANSPARENT)
        .draw()
        .map_err(told)?;
    for (index, curve) in plot.curves.iter().enumerate() {
        let (colour, points) = (colour(index), curve.points.clone());
        if curve.is_floor {
            let dashed = DashedLineSeries::new(points.clone(), 6, 4, colour.stroke_width(2));
            chart.draw_series(dashed).map_err(told)?;
        } else {
            chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2))).map_err(told)?;
        }
        let dots = points.into_iter().map(|point| Circle::new(point, 3, dot(index)));
        chart.draw_series(dots).map_err(told)?;
    }
    Ok(())
}

/// A logarithmic axis around these figures, with lines at those.
fn axis(figures: &[f64], lines: Vec<f64>) -> WithKeyPoints<LogCoord<f64>> {
    let (least, most) = (figures[0], figures[figures.len() - 1]);
    let least = lines.first().map_or(least, |line| line.min(least)) / 1.2;
    let most = lines.last().map_or(most, |line| line.max(most)) * 1.2;
    (least..most).log_scale().with_key_points(lines)
}

/// The powers of ten around these figures.
fn decades(figures: &[f64]) -> Vec<f64> {
    let least = figures[0].log10().floor() as i32;
    let most = figures[figures.len() - 1].log10().ceil() as i32;
    (least..=most.max(least + 1)).map(|power| 10f64.powi(power)).collect()
}

/// No more of them than can be read side by side.
fn few(figures: &[f64], most: usize) -> Vec<f64> {
    let step = figures.len().div_ceil(most);
    figures.iter().copied().step_by(step).collect()
}

fn sorted(figures: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.dedup();
    figures
}

fn colour(index: usize) -> RGBColor {
    COLOURS[index % COLOURS.len()]
}

/// Of the curves that must share a colour, the later ones have rings for dots.
fn dot(index: usize) -> ShapeStyle {
    if index < COLOURS.len() { colour(index).filled() } else { colour(index).stroke_width(1) }
}

/// The curves' names, in their colours, beside the plot.
fn names(plot: &Plot, area: &Root<'_>) -> Result<(), Failed> {
    for (index, curve) in plot.curves.iter().enumerate() {
        let (colour, y) = (colour(index), 50 + index as i32 * LINE);
        let dashes: &[(i32, i32)] = if curve.is_floor { &[(4, 9), (13, 18), (22, 27)] } else { &[(4, 27)] };
        for &(from, to) in dashes {
            area.draw(&PathElement::new([(from, y), (to, y)], colour.stroke_width(2))).map_err(told)?;
        }
        if !curve.is_floor {
            area.draw(&Circle::new((15, y), 3, dot(index))).map_err(told)?;
        }
        let name = if curve.is_floor { format!("{} (floor)", curve.name) } else { curve.name.clone() };
        area.draw(&Text::new(name, (32, y - 6), ("sans-serif", 13))).map_err(told)?;
    }
    Ok(())
}
