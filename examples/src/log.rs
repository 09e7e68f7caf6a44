//! What the programs of this package say besides their output.

use std::io::Write as _;

use tracing_subscriber::EnvFilter;

/// Logs to standard error what `RUST_LOG` asks for; by default warnings.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

/// Says why the program ends: the error and its causes, one a line.
pub fn complain(error: &anyhow::Error) {
    let mut stderr = std::io::stderr().lock();
    let mut said = String::new();
    for (depth, cause) in error.chain().map(ToString::to_string).enumerate() {
        // A layer that only repeats the one above says nothing.
        if cause == said {
            continue;
        }
        let prefix = if depth == 0 { "error: " } else { "  because: " };
        drop(writeln!(stderr, "{prefix}{cause}"));
        said = cause;
    }
}
