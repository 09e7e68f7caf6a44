import { PHASES, type Phase, type PhaseStatus, type SpecStatus } from "@spec/client";
import { phaseNames, phaseStatusName } from "../lib/names";
import "./phase-dots.css";

/** The five phases as dots, and as one sentence for those who do not see them. */
export function PhaseDots({ spec }: { spec: { status: SpecStatus; current_phase: Phase | null } }) {
  const statuses = phaseStatuses(spec.status, spec.current_phase);
  const said = PHASES.map(
    (phase) => `${phaseNames[phase]}: ${phaseStatusName(spec, phase, statuses[phase])}`,
  );
  return (
    <span className="phase-dots" role="img" aria-label={said.join(", ")}>
      {PHASES.map((phase) => (
        <span key={phase} className="phase-dot" data-status={statuses[phase]} />
      ))}
    </span>
  );
}

/** What a list tells of the phases: those before the current one are done. */
export function phaseStatuses(
  status: SpecStatus,
  current: Phase | null,
): Record<Phase, PhaseStatus> {
  const at = current === null ? -1 : PHASES.indexOf(current);
  const statusOf = (index: number): PhaseStatus => {
    if (status === "completed") return "completed";
    if (at < 0 || index > at) return "pending";
    if (index < at) return "completed";
    return currentStatuses[status];
  };
  return Object.fromEntries(PHASES.map((phase, index) => [phase, statusOf(index)])) as Record<
    Phase,
    PhaseStatus
  >;
}

const currentStatuses: Record<SpecStatus, PhaseStatus> = {
  draft: "pending",
  executing: "running",
  awaiting_approval: "awaiting_approval",
  awaiting_answers: "awaiting_answers",
  paused: "pending",
  completed: "completed",
  failed: "failed",
  cancelled: "pending",
};
