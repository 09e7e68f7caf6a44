import type { SpecEvent } from "./types.js";

/** An event of a type that a newer server tells of and this client does not know. */
export interface UnknownEvent {
  spec_id: string;
  sequence: number;
  at: string;
  revision: number;
  type: string;
  data: unknown;
}

const KNOWN: Record<SpecEvent["type"], true> = {
  "spec.created": true,
  "spec.execution_started": true,
  "spec.phase_started": true,
  "spec.phase_retry": true,
  "spec.phase_repair": true,
  "spec.effect_failed": true,
  "sandbox.spawned": true,
  "spec.run_started": true,
  "spec.progress": true,
  "spec.run_ended": true,
  "spec.run_stopped": true,
  "spec.phase_completed": true,
  "spec.approval_requested": true,
  "spec.phase_approved": true,
  "spec.changes_requested": true,
  "spec.phase_failed": true,
  "sandbox.ending": true,
  "sandbox.terminated": true,
  "sandbox.abandoned": true,
  "spec.cancel_requested": true,
  "spec.budget_changed": true,
  "spec.execution_paused": true,
  "spec.retry_requested": true,
  "spec.execution_resumed": true,
  "spec.execution_completed": true,
  "spec.execution_failed": true,
  "spec.execution_cancelled": true,
  "spec.archived": true,
};

/**
 * True of an event whose type this client does not know. Streams and pages pass such events on in
 * their place among the others.
 */
export function isUnknownEvent(event: SpecEvent | UnknownEvent): event is UnknownEvent {
  return !Object.hasOwn(KNOWN, event.type);
}

/** The event that `json` tells, if it has what all events have. */
export function readEvent(json: string): SpecEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { sequence, type } = value as Partial<UnknownEvent>;
  const told = Number.isSafeInteger(sequence) && typeof type === "string";
  return told ? (value as SpecEvent) : null;
}
