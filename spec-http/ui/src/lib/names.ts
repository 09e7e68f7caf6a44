import type { Phase, PhaseStatus, SpecStatus } from "@spec/client";

/** What statuses and phases are called in the pages. */

export const specStatusNames: Record<SpecStatus, string> = {
  draft: "Draft",
  executing: "Executing",
  awaiting_approval: "Awaiting approval",
  awaiting_answers: "Awaiting answers",
  paused: "Paused",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};

const phaseStatusNames: Record<PhaseStatus, string> = {
  pending: "Pending",
  running: "In progress",
  awaiting_approval: "Awaiting approval",
  awaiting_answers: "Awaiting answers",
  completed: "Completed",
  failed: "Failed",
  stale: "To be redone",
};

/** What a phase's status is called: one that is pending waits for what its spec waits for. */
export function phaseStatusName(
  spec: { status: SpecStatus; current_phase: Phase | null },
  phase: Phase,
  status: PhaseStatus,
): string {
  if (status === "pending" && spec.status === "cancelled") return "Not done";
  const isPaused = spec.status === "paused" && spec.current_phase === phase;
  return status === "pending" && isPaused ? "Paused" : phaseStatusNames[status];
}

export const phaseNames: Record<Phase, string> = {
  explore: "Explore",
  requirements: "Requirements",
  design: "Design",
  tasks: "Tasks",
  sync: "Sync",
};
