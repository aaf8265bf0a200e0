//! Lines on the standard streams. None of it panics when no process reads them.

use std::io::{self, Write};

use super::stop::Stop;

/// The last line of both transcripts: the program waits from here on.
pub(crate) const PRESS_ENTER: &str = "Press ENTER to clean up resources and quit";

/// Writes one line to standard output and flushes it, also when output is a pipe. Lines end in `\n` on
/// every system.
pub(crate) fn line(text: &str) -> Result<(), Stop> {
    let mut output = io::stdout().lock();
    let written = output.write_all(format!("{text}\n").as_bytes()).and_then(|()| output.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Stop::Ended,
        _ => {
            Stop::Failed(format!("cannot write to standard output: {error}; make room, or lead it elsewhere"))
        }
    })
}

/// Writes one line to standard error. A line that no process can read is dropped.
pub(crate) fn complaint(text: &str) {
    let line = format!("{}\n", printable(text));
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// `text` with what would steer a terminal escaped: names and messages come from outside.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if steers_terminal(c) { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    safe
}

/// Control characters, separators of lines, and what changes the direction of the text around it.
fn steers_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_steers_a_terminal_is_escaped_and_nothing_else() {
        assert_eq!(printable(r#"Local\Größe "1" 日本"#), r#"Local\Größe "1" 日本"#);
        assert_eq!(printable("a\x1b[2Jb\r\n\t\u{9b}"), r"a\u{1b}[2Jb\r\n\t\u{9b}");
        assert_eq!(printable("\u{202e}gpj.exe\u{2028}"), r"\u{202e}gpj.exe\u{2028}");
    }
}
