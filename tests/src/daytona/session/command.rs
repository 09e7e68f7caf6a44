//! One command of a session: its files, and what the shell reads around it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// What the shell of a session reads for each command; `{dir}` is the folder of the command.
const AROUND_COMMAND: &str = r#"
_d={dir}
mkfifo "$_d/in" "$_d/out" "$_d/err" || exit 1
_label() {
    while IFS= read -r _line; do printf '%b%s\n' "$1" "$_line"; done
    [ -z "$_line" ] || printf '%b%s\n' "$1" "$_line"
}
( _label '\001\001\001' <"$_d/out" >>"$_d/log" ) &
_o=$!
( _label '\002\002\002' <"$_d/err" >>"$_d/log" ) &
_e=$!
{stdin} >"$_d/in" &
_i=$!
{ . "$_d/command"; } <"$_d/in" >"$_d/out" 2>"$_d/err"
_c=$?
kill $_i 2>/dev/null
wait $_i 2>/dev/null
wait $_o $_e
echo $_c >{exit}
"#;

/// A command in a session.
#[derive(Debug)]
pub(crate) struct SessionCommand {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) folder: PathBuf,
    pub(super) echoes_input: bool,
}

impl SessionCommand {
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Absent while it runs, or for ever when nobody was left to write it.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        let text = fs::read_to_string(self.folder.join("exit")).ok()?;
        text.trim().parse().ok()
    }

    pub(super) fn whole(&self) -> Value {
        let mut whole = json!({ "id": self.id, "command": self.text });
        if let (Some(code), Some(fields)) = (self.exit_code(), whole.as_object_mut()) {
            fields.insert("exitCode".to_owned(), code.into());
        }
        whole
    }
}

pub(super) fn write_files(
    command: &SessionCommand,
    is_async: bool,
    loses_code: bool,
) -> io::Result<()> {
    let folder = &command.folder;
    fs::create_dir_all(folder)?;
    fs::write(command.log(), "")?;
    fs::write(folder.join("command"), format!("{}\n", command.text))?;
    // A command that is waited for finds its input at an end; any other may be sent some.
    let stdin = if is_async { "sleep infinity" } else { ":" };
    let exit = if loses_code {
        PathBuf::from("/dev/null")
    } else {
        folder.join("exit")
    };
    let around = AROUND_COMMAND
        .replace("{dir}", &quoted(folder))
        .replace("{stdin}", stdin)
        .replace("{exit}", &quoted(&exit));
    fs::write(folder.join("around"), around)
}

pub(super) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
