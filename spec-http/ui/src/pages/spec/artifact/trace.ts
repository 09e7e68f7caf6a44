import { fields, flag, list, number, text, texts } from "./read";

export interface CoverageRow {
  readonly id: string;
  readonly title: string;
  readonly components: readonly string[];
  readonly tasks: readonly string[];
  readonly tickets: readonly string[];
  readonly status: string;
}

/** What SYNC computes of the other outputs. */
export interface Trace {
  readonly checks: readonly { readonly name: string; readonly holds: boolean }[];
  readonly issues: readonly string[];
  readonly warnings: readonly string[];
  readonly coverage: readonly CoverageRow[];
  readonly coveragePercent: number;
  readonly criticalPath: readonly string[];
  readonly criticalPathHours: number;
  readonly waves: readonly (readonly string[])[];
  readonly totals: readonly { readonly name: string; readonly value: string }[];
  readonly ready: boolean;
  readonly blockers: readonly string[];
  readonly recommendations: readonly string[];
  readonly commit: {
    readonly branch: string;
    readonly commit: string;
    readonly files: readonly string[];
  } | null;
}

const CHECKS: readonly (readonly [string, string])[] = [
  ["all_requirements_covered", "Every requirement has at least one task"],
  [
    "all_design_components_have_tasks",
    "Every component serves a requirement that a task addresses",
  ],
  ["dependency_order_valid", "Every task comes after the tasks it depends on"],
  ["no_circular_dependencies", "No task waits for itself"],
  ["all_ids_valid", "Every id is well-formed, unique and resolves"],
];

const TOTALS: readonly (readonly [string, string])[] = [
  ["total_requirements", "Requirements"],
  ["total_tickets", "Tickets"],
  ["total_tasks", "Tasks"],
  ["total_estimated_hours", "Hours"],
  ["files_to_create", "New files"],
  ["files_to_modify", "Changed files"],
];

function row(item: unknown): CoverageRow {
  const of = fields(item);
  return {
    id: text(of["requirement_id"]),
    title: text(of["requirement_title"]),
    components: texts(of["covered_by_components"]),
    tasks: texts(of["covered_by_tasks"]),
    tickets: texts(of["covered_by_tickets"]),
    status: text(of["status"]),
  };
}

export function readTrace(content: unknown): Trace {
  const of = fields(content);
  const validation = fields(of["validation_results"]);
  const order = fields(of["dependency_analysis"]);
  const summary = fields(of["spec_summary"]);
  const committed = fields(of["repository_commit"]);
  return {
    checks: CHECKS.map(([field, name]) => ({ name, holds: flag(validation[field]) })),
    issues: texts(validation["issues_found"]),
    warnings: texts(validation["warnings"]),
    coverage: list(of["coverage_matrix"], row),
    coveragePercent: number(summary["requirement_coverage_percent"]),
    criticalPath: texts(order["critical_path"]),
    criticalPathHours: number(order["critical_path_hours"]),
    waves: list(order["waves"], texts),
    totals: TOTALS.map(([field, name]) => ({
      name,
      value: String(Number(number(summary[field]).toFixed(2))),
    })),
    ready: flag(of["ready_for_execution"]),
    blockers: texts(of["blockers"]),
    recommendations: texts(of["recommendations"]),
    commit: text(committed["commit"])
      ? {
          branch: text(committed["branch"]),
          commit: text(committed["commit"]),
          files: texts(committed["files"]),
        }
      : null,
  };
}
