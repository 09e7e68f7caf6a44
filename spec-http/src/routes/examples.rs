//! Examples of what travels over the wire. Tests check each against its schema.

use serde_json::{Value, json};

pub(super) const SPEC_ID: &str = "01932b5e-7c00-7000-8000-000000000001";
pub(super) const CONTENT_HASH: &str =
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const CREATED_AT: &str = "2026-03-01T09:00:00.000000Z";
const STARTED_AT: &str = "2026-03-01T09:00:01.250000Z";
const DEADLINE: &str = "2026-03-01T09:15:01.250000Z";

pub(super) fn launch() -> Value {
    json!({
        "title": "Search history",
        "description": "Remember what I searched for, and offer it when I begin to type.",
        "project_id": "demo",
        "policy": { "max_attempts": 2, "budget": { "tokens": 1_000_000 } }
    })
}

pub(super) fn launched() -> Value {
    json!({
        "spec_id": SPEC_ID,
        "status": "executing",
        "current_phase": "explore",
        "sandbox_id": "sandbox-7",
        "message": "Spec created and execution started in sandbox"
    })
}

pub(super) fn item() -> Value {
    json!({
        "id": SPEC_ID,
        "project_id": "demo",
        "owner": "ada",
        "title": "Search history",
        "status": "executing",
        "current_phase": "explore",
        "percent": 6,
        "created_at": CREATED_AT,
        "updated_at": STARTED_AT,
        "archived_at": null
    })
}

pub(super) fn event() -> Value {
    json!({
        "spec_id": SPEC_ID,
        "sequence": 2,
        "at": STARTED_AT,
        "revision": 2,
        "type": "spec.execution_started",
        "data": { "by": "ada" }
    })
}

/// A spec whose first phase is under way.
pub(super) fn spec() -> Value {
    let waiting = ["requirements", "design", "tasks", "sync"];
    let mut phases = vec![running_phase()];
    phases.extend(waiting.map(waiting_phase));
    let mut progress = vec![json!({ "phase": "explore", "status": "running", "attempt": 1 })];
    progress
        .extend(waiting.map(|phase| json!({ "phase": phase, "status": "pending", "attempt": 0 })));
    json!({
        "id": SPEC_ID,
        "project_id": "demo",
        "owner": "ada",
        "title": "Search history",
        "description": "Remember what I searched for, and offer it when I begin to type.",
        "status": "executing",
        "current_phase": "explore",
        "progress": { "percent": 6, "headline": "Reading src/search.rs", "phases": progress },
        "sandbox_id": "sandbox-7",
        "commit": "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "agent": "claude",
        "policy": policy(),
        "failure": null,
        "usage": usage(),
        "phases": phases,
        "actions": {
            "execute": false,
            "cancel": true,
            "pause": true,
            "resume": false,
            "archive": false,
            "approve": null,
            "request_changes": null,
            "retry": [],
            "set_budget": true
        },
        "revision": 4,
        "created_at": CREATED_AT,
        "updated_at": STARTED_AT,
        "archived_at": null
    })
}

fn running_phase() -> Value {
    json!({
        "phase": "explore",
        "status": "running",
        "gate": "none",
        "accepted": null,
        "approval": null,
        "feedback": [],
        "attempts": [{
            "attempt": 1,
            "repair": 0,
            "agent": "claude",
            "agent_version": "2.0.1",
            "model": "large",
            "stage": "running",
            "outcome": null,
            "failure": null,
            "findings": [],
            "sandbox": {
                "id": "sandbox-7",
                "status": "ready",
                "isolation": {
                    "mechanism": "vm",
                    "filesystem": true,
                    "processes": true,
                    "network": false
                }
            },
            "usage": usage(),
            "started_at": STARTED_AT,
            "ended_at": null,
            "deadline": DEADLINE
        }],
        "usage": usage(),
        "started_at": STARTED_AT,
        "completed_at": null
    })
}

fn waiting_phase(phase: &str) -> Value {
    json!({
        "phase": phase,
        "status": "pending",
        "gate": "none",
        "accepted": null,
        "approval": null,
        "feedback": [],
        "attempts": [],
        "usage": no_usage(),
        "started_at": null,
        "completed_at": null
    })
}

fn policy() -> Value {
    json!({
        "gates": {
            "explore": "none",
            "requirements": "none",
            "design": "none",
            "tasks": "none",
            "sync": "none"
        },
        "questions": "ignore",
        "max_attempts": 2,
        "max_repairs": 2,
        "backoff_seconds": 2,
        "attempt_timeout_seconds": 900,
        "max_output_bytes": 67_108_864,
        "budget": budget(),
        "phase_budget": { "tokens": null, "cost_micro_usd": null },
        "budget_warning_percent": 80,
        "sandbox_reuse": "per_phase",
        "agent": null,
        "fallback_agent": null
    })
}

fn budget() -> Value {
    json!({ "tokens": 1_000_000, "cost_micro_usd": null })
}

fn usage() -> Value {
    json!({
        "input_tokens": 5_200,
        "cached_input_tokens": 18_000,
        "cache_write_tokens": 900,
        "output_tokens": 1_150,
        "cost_micro_usd": 41_300,
        "unpriced_tokens": 0
    })
}

fn no_usage() -> Value {
    json!({
        "input_tokens": 0,
        "cached_input_tokens": 0,
        "cache_write_tokens": 0,
        "output_tokens": 0,
        "cost_micro_usd": 0,
        "unpriced_tokens": 0
    })
}

pub(super) fn spec_usage() -> Value {
    json!({
        "spec_id": SPEC_ID,
        "total": usage(),
        "budget": budget(),
        "phase_budget": { "tokens": null, "cost_micro_usd": null },
        "phases": [{
            "phase": "explore",
            "usage": usage(),
            "attempts": [{
                "attempt": 1,
                "agent": "claude",
                "agent_version": "2.0.1",
                "model": "large",
                "usage": usage()
            }]
        }],
        "agents": [{ "agent": "claude", "usage": usage() }]
    })
}

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

pub(super) fn capabilities() -> Value {
    json!({
        "quick_tasks": true,
        "agents": ["claude", "codex"],
        "default_agent": "claude",
        "default_policy": policy(),
        "user": "ada"
    })
}

pub(super) fn phase_result() -> Value {
    json!({
        "spec_id": SPEC_ID,
        "phase": "requirements",
        "status": "completed",
        "artifact": artifact(),
        "ears": [{
            "requirement_id": "REQ-HIST-FUNC-001",
            "pattern": "event_driven",
            "conditions": [{ "keyword": "when", "text": "a search has finished" }],
            "system": "the shop",
            "response": "remember its words."
        }]
    })
}

fn artifact() -> Value {
    json!({
        "version": 1,
        "content_hash": HASH,
        "author": author(),
        "content": {
            "feature_name": "Search history",
            "user_stories": [],
            "requirements": [{
                "id": "REQ-HIST-FUNC-001",
                "title": "Remember searches",
                "text": "When a search has finished, the shop shall remember its words.",
                "type": "functional",
                "category": "FUNC",
                "priority": "HIGH",
                "acceptance_criteria": [{ "id": "AC-001", "text": "The words are listed." }]
            }]
        },
        "findings": [{
            "rule": "text.vague",
            "severity": "warning",
            "message": "is vague",
            "pointer": "/requirements/0/acceptance_criteria/0/text",
            "fix": "say how one would tell"
        }],
        "created_at": STARTED_AT
    })
}

fn author() -> Value {
    json!({ "kind": "agent", "name": "claude", "attempt": 1 })
}

pub(super) fn versions() -> Value {
    json!({
        "versions": [{
            "version": 1,
            "content_hash": HASH,
            "author": author(),
            "created_at": STARTED_AT,
            "findings": 1,
            "accepted": true
        }]
    })
}

pub(super) fn trace() -> Value {
    json!({
        "spec_id": SPEC_ID,
        "trace": {
            "slug": "search-history",
            "validation_results": {
                "all_requirements_covered": true,
                "all_design_components_have_tasks": true,
                "dependency_order_valid": true,
                "no_circular_dependencies": true,
                "all_ids_valid": true,
                "issues_found": [],
                "warnings": []
            },
            "coverage_matrix": [{
                "requirement_id": "REQ-HIST-FUNC-001",
                "requirement_title": "Remember searches",
                "covered_by_components": ["History"],
                "covered_by_tasks": ["TSK-001"],
                "covered_by_tickets": ["TKT-001"],
                "status": "fully_covered"
            }],
            "traceability_stats": {
                "requirements": 1,
                "components": 1,
                "tickets": 1,
                "tasks": 1,
                "dependencies": 0
            },
            "dependency_analysis": {
                "task_dependency_graph": { "TSK-001": [] },
                "ticket_dependency_graph": { "TKT-001": [] },
                "critical_path": ["TSK-001"],
                "critical_path_hours": 2.0,
                "waves": [["TSK-001"]]
            },
            "spec_summary": {
                "total_requirements": 1,
                "total_tickets": 1,
                "total_tasks": 1,
                "total_estimated_hours": 2.0,
                "files_to_create": 1,
                "files_to_modify": 0,
                "requirement_coverage_percent": 100.0
            },
            "ready_for_execution": true,
            "blockers": [],
            "recommendations": [],
            "repository_commit": null
        }
    })
}

pub(super) fn export() -> Value {
    let mut artifact = artifact();
    if let Some(members) = artifact.as_object_mut() {
        members.insert("phase".to_owned(), "requirements".into());
    }
    json!({
        "spec": spec(),
        "artifacts": [artifact],
        "trace": null,
        "usage": spec_usage()
    })
}
