import type { Spec } from "@spec/client";
import { elapsed } from "../format/duration";
import { formatCost, totalTokens } from "../format/usage";

type PhaseDetail = Spec["phases"][number];

export interface Step {
  readonly phase: PhaseDetail["phase"];
  readonly status: PhaseDetail["status"];
  readonly attempts: number;
  readonly repairs: number;
  /** Milliseconds; `null` before it begins. */
  readonly duration: number | null;
  /** `null` when nothing was consumed. */
  readonly cost: string | null;
  readonly gated: boolean;
}

/** What the stepper says of a phase at `now`. */
export function stepOf(detail: PhaseDetail, now: number): Step {
  const last = detail.attempts.at(-1);
  const end =
    detail.completed_at ?? (detail.status === "running" ? null : (last?.ended_at ?? null));
  const ran = detail.started_at !== null && (end !== null || detail.status === "running");
  const consumed = totalTokens(detail.usage) > 0 || detail.usage.cost_micro_usd > 0;
  return {
    phase: detail.phase,
    status: detail.status,
    attempts: detail.attempts.length,
    repairs: detail.attempts.reduce((sum, attempt) => sum + attempt.repair, 0),
    duration: ran ? elapsed(detail.started_at, end, now) : null,
    cost: consumed ? formatCost(detail.usage) : null,
    gated: detail.gate === "approve",
  };
}
