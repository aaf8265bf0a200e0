//! The shape of what a run wrote, for CI: never its times.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::document::{PAGE, PLOTS};
use super::job::Kind;
use super::systems::SYSTEMS;

/// The keys of a row, all of them.
const KEYS: [&str; 9] = ["bench", "system", "size", "placement", "unit", "min", "median", "max", "runs"];

/// What a run of everything measures: the beginnings of the benches' names.
const BENCHES: &[&str] = &[
    "create, view, write, close",
    "open, view, read, close",
    "copy out of a view",
    "copy into a view",
    "start a program",
    "memory of a region",
    "memory of a named lock",
    "memory of a named object",
    "lock and unlock, alone",
    "lock and unlock, two processes contending",
    "owner killed",
    WAKE,
    PING_PONG,
    STREAM,
    "two producers into one receiver",
    "newest value",
    "one to",
    "objects in the name space: create",
    "objects in the name space: open",
    "objects in the name space: list",
    "objects in the name space: sweep",
    "processes open one region at once",
    "waiters for one event: set, until all",
    "waiters for one event: set, until one",
    "growth: create",
];

const WAKE: &str = "wake-up ping-pong";
const PING_PONG: &str = "ping-pong";
const STREAM: &str = "stream";

/// Benches of which each table has a floor and samemap.
const MESSAGES: [&str; 3] = [WAKE, PING_PONG, STREAM];

/// What the document must say.
const HEADINGS: [&str; 7] = [
    "# Performance",
    "## Where a peer wins",
    "## Machine, versions, commands",
    "## Plots",
    "## Tables",
    "## Who was absent, and why",
    "## Noise",
];

type Answer = Result<(), String>;

/// Everything; the first thing that is wrong.
pub fn all(json: &Path, document: &Path) -> Answer {
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    let rows = rows(&read(json)?)?;
    let page = read(&document.join(PAGE))?;
    page_is_whole(&page, &rows)?;
    let plots = plots_of(&page);
    if plots.len() < 3 {
        return Err(format!("{PAGE} shows {} plots", plots.len()));
    }
    for plot in &plots {
        let text = read(&document.join(plot))?;
        svg_is_whole(&text).map_err(|reason| format!("{plot}: {reason}"))?;
    }
    println!("{} rows, {PAGE} and {} plots have their shape", rows.len(), plots.len());
    Ok(())
}

// ---- Rows ---------------------------------------------------------------------------------------------------

/// What the other checks need of a row.
struct Row {
    bench: String,
    system: String,
    table: String,
}

fn rows(json: &str) -> Result<Vec<Row>, String> {
    let row = |(index, line)| row(line).map_err(|reason| format!("row {}: {reason}", index + 1));
    let rows = json.lines().enumerate().map(row).collect::<Result<Vec<Row>, String>>()?;
    for bench in BENCHES {
        if !rows.iter().any(|row| row.bench.starts_with(bench)) {
            return Err(format!("no row of {bench}"));
        }
    }
    messages_are_whole(&rows)?;
    Ok(rows)
}

fn row(line: &str) -> Result<Row, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let row = value.as_object().ok_or("not an object")?;
    let mut keys: Vec<&str> = row.keys().map(String::as_str).collect();
    let mut wanted = KEYS;
    keys.sort_unstable();
    wanted.sort_unstable();
    if keys != wanted {
        return Err(format!("its keys are {keys:?}"));
    }
    let unit = text(row, "unit")?;
    figures(row, unit)?;
    let (bench, system) = (text(row, "bench")?.to_owned(), text(row, "system")?.to_owned());
    let size = row["size"].as_u64().ok_or("its size is no number")?;
    if row["runs"].as_u64().is_none_or(|runs| runs == 0) {
        return Err("it has no runs".to_owned());
    }
    let table = format!("{bench}, {size}, {}, {unit}", text(row, "placement")?);
    Ok(Row { bench, system, table })
}

fn text<'a>(row: &'a Map<String, Value>, key: &str) -> Result<&'a str, String> {
    row[key].as_str().filter(|text| !text.is_empty()).ok_or(format!("its {key} is no text"))
}

fn figures(row: &Map<String, Value>, unit: &str) -> Answer {
    let figure = |key: &str| row[key].as_f64().ok_or(format!("its {key} is no number"));
    let (min, median, max) = (figure("min")?, figure("median")?, figure("max")?);
    // A time is never nothing; bytes and descriptors may well be.
    let is_time = unit == "ns" || unit == "us";
    let is_positive = if is_time { min > 0.0 } else { min >= 0.0 };
    if is_positive && min <= median && median <= max {
        return Ok(());
    }
    Err(format!("not in order: {min}, {median}, {max}"))
}

fn messages_are_whole(rows: &[Row]) -> Answer {
    let mut tables: HashMap<&str, Vec<&str>> = HashMap::new();
    for row in rows.iter().filter(|row| MESSAGES.iter().any(|bench| row.bench.starts_with(bench))) {
        tables.entry(&row.table).or_default().push(&row.system);
    }
    let is_floor = |name: &str| SYSTEMS.iter().any(|one| one.name == name && one.kind == Kind::Floor);
    for (table, systems) in tables {
        if !systems.iter().any(|name| name.starts_with("samemap")) {
            return Err(format!("{table}: samemap is not there"));
        }
        if !systems.iter().any(|name| is_floor(name)) {
            return Err(format!("{table}: there is no floor"));
        }
    }
    Ok(())
}

// ---- The page -----------------------------------------------------------------------------------------------

fn page_is_whole(page: &str, rows: &[Row]) -> Answer {
    let mut from = 0;
    for heading in HEADINGS {
        let at = page[from..].find(&format!("{heading}\n")).ok_or(format!("{PAGE}: no {heading} there"))?;
        from += at;
    }
    for row in rows {
        if !page.contains(&format!("### {}, ", row.bench)) {
            return Err(format!("{PAGE}: no table of {}", row.bench));
        }
    }
    if page.matches("<details>").count() != page.matches("</details>").count() {
        return Err(format!("{PAGE}: what is folded away does not end"));
    }
    tables_are_whole(page)
}

/// Every line of a table has as many cells as its first.
fn tables_are_whole(page: &str) -> Answer {
    let mut width = None;
    for line in page.lines() {
        if !line.starts_with('|') {
            width = None;
            continue;
        }
        let cells = line.replace("\\|", "").matches('|').count();
        if *width.get_or_insert(cells) != cells {
            return Err(format!("{PAGE}: a line of a table has other cells than the first: {line}"));
        }
    }
    Ok(())
}

/// The plots that the page shows, as paths from it.
fn plots_of(page: &str) -> Vec<&str> {
    let path = |line| str::split_once(line, "](")?.1.strip_suffix(')');
    let shown = page.lines().filter(|line| line.starts_with("!["));
    shown.filter_map(path).filter(|path| path.starts_with(PLOTS)).collect()
}

// ---- The plots ----------------------------------------------------------------------------------------------

/// Elements that begin end in order, nothing else stands around them, and something is drawn.
fn svg_is_whole(text: &str) -> Answer {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text.trim();
    let (mut lines, mut roots) = (0, 0);
    while !rest.is_empty() {
        let Some(tag_and_rest) = rest.strip_prefix('<') else {
            let end = rest.find('<').ok_or("text behind the last element")?;
            if open.is_empty() {
                return Err("text outside of all elements".to_owned());
            }
            rest = &rest[end..];
            continue;
        };
        let (tag, after) = tag_and_rest.split_once('>').ok_or("an element's tag does not end")?;
        rest = after.trim_start();
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or_default();
        if tag.starts_with(['?', '!']) {
            continue;
        }
        if tag.contains('<') || tag.matches('"').count() % 2 != 0 {
            return Err(format!("not a tag: <{tag}>"));
        }
        if tag.starts_with('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> ends nothing"));
            }
        } else {
            roots += usize::from(open.is_empty());
            lines += usize::from(name == "polyline" || name == "circle");
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
    }
    match (open.pop(), roots, lines) {
        (Some(name), _, _) => Err(format!("<{name}> does not end")),
        (None, 1, 1..) if text.contains("<svg") => Ok(()),
        (None, 1, _) => Err("nothing is drawn".to_owned()),
        (None, roots, _) => Err(format!("{roots} roots")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"bench":"b","system":"s","size":1,"placement":"p","unit":"ns","min":1.0,"median":2.0,"max":3.0,"runs":5}"#;

    #[test]
    fn a_row_has_its_keys_and_no_others() {
        assert!(row(ROW).is_ok());
        assert!(row(&ROW.replace(r#","runs":5"#, "")).is_err());
        assert!(row(&ROW.replace(r#""runs":5"#, r#""runs":5,"more":1"#)).is_err());
        assert!(row(&ROW.replace("bench", "brench")).is_err());
        assert!(row("not json").is_err());
    }

    #[test]
    fn figures_are_in_order() {
        assert!(row(&ROW.replace("3.0", "1.5")).is_err());
        assert!(row(&ROW.replace("1.0", "0.0")).is_err());
        assert!(row(&ROW.replace("1.0", "0.0").replace(r#""ns""#, r#""bytes""#)).is_ok());
        assert!(row(&ROW.replace(":5", ":0")).is_err());
        assert!(row(&ROW.replace("2.0", "null")).is_err());
    }

    #[test]
    fn missing_benches_and_floors_are_found() {
        assert!(rows(ROW).is_err());
        let row = |system: &str| Row { bench: "stream".into(), system: system.into(), table: "t".into() };
        assert!(messages_are_whole(&[row("bare ring"), row("samemap Channel")]).is_ok());
        assert!(messages_are_whole(&[row("pipe"), row("samemap Channel")]).is_err());
        assert!(messages_are_whole(&[row("bare ring"), row("pipe")]).is_err());
    }

    #[test]
    fn a_broken_table_is_found() {
        assert!(tables_are_whole("| a | b |\n| --- | --- |\n| 1 \\| 2 | 3 |\n").is_ok());
        assert!(tables_are_whole("| a | b |\n| --- | --- |\n| 1 |\n").is_err());
    }

    #[test]
    fn plots_are_found_in_the_page() {
        assert_eq!(plots_of("![A (b)](performance/a.svg)\n![B](other/b.svg)\n"), ["performance/a.svg"]);
    }

    #[test]
    fn a_broken_plot_is_found() {
        assert!(svg_is_whole("<svg a=\"1\">\n<g><circle/>\n</g><text>a &lt; b</text></svg>\n").is_ok());
        assert!(svg_is_whole("<svg><g><circle/></svg>").is_err());
        assert!(svg_is_whole("<svg><circle/>").is_err());
        assert!(svg_is_whole("<svg><circle").is_err());
        assert!(svg_is_whole("<svg></svg>").is_err());
        assert!(svg_is_whole("").is_err());
    }
}
