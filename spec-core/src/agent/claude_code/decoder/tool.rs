//! What a tool of Claude Code is about to do.

use serde_json::Value;

use super::HANDOVER;
use crate::agent::program::{relative, shown, text_at};
use crate::agent::{AgentEvent, ToolCall, ToolKind};
use crate::event::{ProgressItem, ProgressKind};

/// The use of a tool that `block` tells of.
pub(super) fn tool_call(block: &Value, folder: Option<&str>) -> AgentEvent {
    let name = text_at(block, "/name").unwrap_or("a tool");
    let input = |field: &str| block.get("input")?.get(field)?.as_str();
    let file = || {
        input("file_path")
            .or_else(|| input("notebook_path"))
            .map(|path| relative(path, folder))
    };
    let text = |field| input(field).map(shown);
    let (kind, title) = match name {
        HANDOVER => {
            return AgentEvent::Progress(ProgressItem {
                kind: ProgressKind::Tool,
                text: "Handing over the result".to_owned(),
                permille: None,
            });
        }
        "AskUserQuestion" => {
            let question = text_at(block, "/input/questions/0/question");
            return AgentEvent::Question(shown(question.unwrap_or("(not readable)")));
        }
        "Bash" => (ToolKind::Execute, text("command")),
        "Read" => (ToolKind::Read, file()),
        "Edit" | "Write" | "MultiEdit" | "NotebookEdit" => (ToolKind::Edit, file()),
        "Glob" | "Grep" => (ToolKind::Search, text("pattern")),
        "WebSearch" => (ToolKind::Search, text("query")),
        "WebFetch" => (ToolKind::Fetch, text("url")),
        "Task" | "Agent" => (ToolKind::Think, text("description")),
        _ => (ToolKind::Other, None),
    };
    AgentEvent::ToolCall(ToolCall {
        id: shown(text_at(block, "/id").unwrap_or_default()),
        kind,
        title: title.unwrap_or_else(|| shown(name)),
    })
}
