import { PHASES, type Phase, type PhaseResult, type Spec } from "@spec/client";

const at = "2026-01-02T03:04:05Z";

export const noUsage = {
  input_tokens: 0,
  cached_input_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  cost_micro_usd: 0,
  unpriced_tokens: 0,
};

const noActions: Spec["actions"] = {
  execute: false,
  cancel: false,
  pause: false,
  resume: false,
  archive: false,
  approve: null,
  request_changes: null,
  retry: [],
  set_budget: false,
};

const noGates = {
  explore: "none",
  requirements: "none",
  design: "none",
  tasks: "none",
  sync: "none",
} as const;

type PhaseDetail = Spec["phases"][number];

export function phaseDetail(phase: Phase, detail: Partial<PhaseDetail> = {}): PhaseDetail {
  return {
    phase,
    status: "pending",
    accepted: null,
    attempts: [],
    usage: noUsage,
    started_at: null,
    completed_at: null,
    gate: "none",
    approval: null,
    feedback: [],
    ...detail,
  };
}

/** A spec as the server tells it. */
export function spec({
  actions = {},
  phases = {},
  ...rest
}: Partial<Omit<Spec, "actions" | "phases">> & {
  actions?: Partial<Spec["actions"]>;
  phases?: Partial<Record<Phase, Partial<PhaseDetail>>>;
} = {}): Spec {
  const policy = {
    gates: noGates,
    questions: "ignore",
    max_attempts: 3,
    max_repairs: 2,
    backoff_seconds: 2,
    attempt_timeout_seconds: 900,
    max_output_bytes: 1024,
    budget: { tokens: null, cost_micro_usd: null },
    phase_budget: { tokens: null, cost_micro_usd: null },
    budget_warning_percent: 80,
    sandbox_reuse: "per_phase",
    agent: null,
    fallback_agent: null,
  } as const;
  return {
    id: "0199",
    project_id: "shop",
    owner: "local",
    title: "Search",
    description: "Add search",
    status: "executing",
    current_phase: "explore",
    progress: { percent: 5, headline: "Exploring", phases: [] },
    sandbox_id: null,
    commit: null,
    agent: "offline",
    policy,
    failure: null,
    usage: noUsage,
    revision: 1,
    created_at: at,
    updated_at: at,
    archived_at: null,
    actions: { ...noActions, ...actions },
    phases: PHASES.map((phase) => phaseDetail(phase, phases[phase])),
    ...rest,
  };
}

export function hash(digit: string): string {
  return digit.repeat(64);
}

/** A version of a phase's artifact as the server tells it. */
export function phaseResult(
  phase: Phase,
  version: number,
  content_hash: string,
  findings: NonNullable<PhaseResult["artifact"]>["findings"] = [],
): PhaseResult {
  return {
    spec_id: "0199",
    phase,
    status: "awaiting_approval",
    ears: [],
    artifact: {
      version,
      content_hash,
      author: { kind: "agent", name: "offline", attempt: 1 },
      content: {},
      findings,
      created_at: at,
    },
  };
}
