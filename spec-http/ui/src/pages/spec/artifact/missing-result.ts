import { PHASES, type Phase, type PhaseStatus, type SpecStatus } from "@spec/client";
import { phaseNames } from "../../../lib/names";

/** Why a phase has no result, and what it takes to get one. */
export function missingResult({
  phase,
  status,
  specStatus,
}: {
  phase: Phase;
  status: PhaseStatus;
  specStatus: SpecStatus;
}): { title: string; text: string } {
  const name = phaseNames[phase];
  if (specStatus === "cancelled") {
    return { title: `${name} has no result`, text: "The spec was cancelled before there was one." };
  }
  return { title: `${name} has no result yet`, text: whenItComes(phase, status, specStatus) };
}

function whenItComes(phase: Phase, status: PhaseStatus, specStatus: SpecStatus): string {
  if (status === "running") return "The agent is working on it. The timeline shows what it does.";
  if (status === "failed") return "Its attempts failed. Retry the phase to get one.";
  const before = PHASES[PHASES.indexOf(phase) - 1];
  if (before !== undefined) return `It comes after ${phaseNames[before]}.`;
  return specStatus === "paused"
    ? "It comes first, once the spec is resumed."
    : "It comes first, once the spec is executed.";
}
