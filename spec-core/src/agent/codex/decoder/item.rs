//! What Codex does, item by item.

use std::collections::VecDeque;

use serde_json::Value;

use super::message;
use crate::agent::program::{relative, shown, text_at};
use crate::agent::{AgentEvent, ToolCall, ToolKind};

/// Items under way that are remembered.
const MAX_OPEN: usize = 64;
/// Shells around a command.
const SHELLS: [&str; 4] = ["bash", "sh", "zsh", "dash"];
/// Bytes at the end of a failed command's output that are shown: errors stand there.
const ERROR_BYTES: usize = 300;

/// The items under way.
#[derive(Debug, Default)]
pub(super) struct Items {
    /// Ids of those whose beginning was told.
    open: VecDeque<String>,
    /// The folder that it works in, once our script has said so.
    folder: Option<String>,
}

impl Items {
    pub(super) fn work_in(&mut self, folder: &str) {
        self.folder = Some(folder.to_owned()).filter(|folder| (1..=4096).contains(&folder.len()));
    }

    /// An item has begun.
    pub(super) fn started(&mut self, line: &Value) -> Option<AgentEvent> {
        let call = self.call(line.get("item")?)?;
        if self.open.len() >= MAX_OPEN {
            self.open.pop_front();
        }
        self.open.push_back(call.id.clone());
        Some(AgentEvent::ToolCall(call))
    }

    /// An item is done. Some are told only then.
    pub(super) fn completed(&mut self, line: &Value) -> Vec<AgentEvent> {
        let Some(item) = line.get("item") else {
            return vec![AgentEvent::Unknown];
        };
        let text = || text_at(item, "/text").unwrap_or_default();
        match text_at(item, "/type") {
            Some("agent_message") => return message(text()),
            Some("reasoning") => {
                let thought = Some(shown(text())).filter(|thought| !thought.is_empty());
                return thought.map(AgentEvent::Thought).into_iter().collect();
            }
            Some("error") => {
                let said = text_at(item, "/message").unwrap_or("it names no error");
                return vec![AgentEvent::Warning(shown(said))];
            }
            Some("todo_list") => return Vec::new(),
            Some(_) | None => {}
        }
        let Some(call) = self.call(item) else {
            return vec![AgentEvent::Unknown];
        };
        let ended = AgentEvent::ToolEnded {
            id: call.id.clone(),
            error: error(item),
        };
        if let Some(at) = self.open.iter().position(|open| *open == call.id) {
            self.open.remove(at);
            vec![ended]
        } else {
            vec![AgentEvent::ToolCall(call), ended]
        }
    }

    /// The use of a tool that an item is, if it is one.
    fn call(&self, item: &Value) -> Option<ToolCall> {
        let text = |pointer| text_at(item, pointer).map(shown);
        let (kind, title) = match text_at(item, "/type")? {
            "command_execution" => {
                let command = text_at(item, "/command").map(without_shell);
                (ToolKind::Execute, command)
            }
            "file_change" => self.change(item),
            "mcp_tool_call" => (ToolKind::Other, text("/tool")),
            "web_search" => (ToolKind::Search, text("/query")),
            "collab_tool_call" => (ToolKind::Think, text("/tool")),
            _ => return None,
        };
        let title = title.filter(|title| !title.is_empty());
        Some(ToolCall {
            id: shown(text_at(item, "/id").unwrap_or_default()),
            kind,
            title: title.unwrap_or_else(|| "something".to_owned()),
        })
    }

    fn change(&self, item: &Value) -> (ToolKind, Option<String>) {
        let kind = match text_at(item, "/changes/0/kind") {
            Some("delete") => ToolKind::Delete,
            Some(_) | None => ToolKind::Edit,
        };
        let changes = item.get("changes").and_then(Value::as_array);
        let others = changes.map_or(0, |changes| changes.len().saturating_sub(1));
        let title = text_at(item, "/changes/0/path").map(|path| {
            let path = relative(path, self.folder.as_deref());
            match others {
                0 => path,
                others => format!("{path} and {others} more"),
            }
        });
        (kind, title)
    }
}

/// What went wrong with a tool, if something did.
fn error(item: &Value) -> Option<String> {
    let code = item.get("exit_code").and_then(Value::as_i64);
    let failed = matches!(text_at(item, "/status"), Some("failed" | "declined"));
    if !failed && matches!(code, None | Some(0)) {
        return None;
    }
    let said = text_at(item, "/error/message")
        .or_else(|| text_at(item, "/aggregated_output"))
        .map(|said| shown(last_part(said)))
        .filter(|said| !said.is_empty());
    Some(match (code, said) {
        (Some(code), Some(said)) => format!("exit code {code}: {said}"),
        (Some(code), None) => format!("exit code {code}"),
        (None, Some(said)) => said,
        (None, None) => "no reason given".to_owned(),
    })
}

fn last_part(said: &str) -> &str {
    let said = said.trim_end();
    let mut start = said.len().saturating_sub(ERROR_BYTES);
    while !said.is_char_boundary(start) {
        start += 1;
    }
    said.get(start..).unwrap_or_default()
}

/// The command that a shell is told to run.
fn without_shell(command: &str) -> String {
    let mut words = command.splitn(3, ' ');
    let inner = match (words.next(), words.next(), words.next()) {
        (Some(shell), Some("-lc" | "-c"), Some(inner))
            if SHELLS.contains(&shell.rsplit('/').next().unwrap_or_default()) =>
        {
            inner
        }
        _ => command,
    };
    let unquoted = inner
        .strip_prefix('\'')
        .and_then(|inner| inner.strip_suffix('\''))
        .filter(|inner| !inner.contains('\''));
    shown(unquoted.unwrap_or(inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_without_the_shell_around_them() {
        for (given, told) in [
            ("/bin/bash -lc ls", "ls"),
            ("/bin/bash -lc 'cat a b'", "cat a b"),
            ("bash -c 'a'\\''b'", "'a'\\''b'"),
            ("cargo -c x y", "cargo -c x y"),
            ("", ""),
        ] {
            assert_eq!(without_shell(given), told);
        }
    }
}
