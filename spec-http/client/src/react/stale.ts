import type { QueryKey } from "@tanstack/react-query";
import { PHASES, type Phase, type SpecEvent } from "../types.js";
import { specKeys } from "./keys.js";

/** The keys of what an event makes stale. */
export function staleBy(event: SpecEvent): QueryKey[] {
  const { spec_id: id } = event;
  const detail = specKeys.detail(id);
  const lists = specKeys.lists();
  const usage = specKeys.usage(id);
  const outputs = (phase: Phase): QueryKey[] => [
    specKeys.phase(id, phase),
    specKeys.versions(id, phase),
  ];
  switch (event.type) {
    case "spec.progress":
      return [];
    case "spec.effect_failed":
    case "sandbox.spawned":
    case "spec.run_started":
    case "sandbox.ending":
    case "sandbox.terminated":
    case "sandbox.abandoned":
    case "spec.cancel_requested":
      return [detail];
    case "spec.run_ended":
    case "spec.run_stopped":
      return [detail, usage, ...outputs(event.data.phase)];
    case "spec.budget_changed":
      return [detail, usage];
    case "spec.phase_repair":
    case "spec.phase_retry":
      return [detail, ...outputs(event.data.phase)];
    case "spec.created":
    case "spec.execution_started":
    case "spec.phase_started":
    case "spec.execution_paused":
    case "spec.execution_resumed":
    case "spec.execution_completed":
    case "spec.execution_cancelled":
    case "spec.archived":
      return [detail, lists];
    case "spec.phase_failed":
    case "spec.execution_failed":
      return [detail, lists, usage, ...outputs(event.data.failure.phase)];
    case "spec.phase_approved":
    case "spec.changes_requested":
      return [detail, lists, ...outputs(event.data.phase)];
    case "spec.phase_completed":
    case "spec.approval_requested":
      return [detail, lists, usage, specKeys.trace(id), ...outputs(event.data.phase)];
    case "spec.retry_requested":
      // Later phases become stale with it.
      return [detail, lists, specKeys.trace(id), ...PHASES.flatMap(outputs)];
    default:
      return unknown(event);
  }
}

/** What a newer server tells of may have changed anything of the spec. */
function unknown(event: never): QueryKey[] {
  const { spec_id: id } = event as { spec_id: string };
  const phases = PHASES.flatMap((phase) => [
    specKeys.phase(id, phase),
    specKeys.versions(id, phase),
  ]);
  return [specKeys.detail(id), specKeys.lists(), specKeys.usage(id), specKeys.trace(id), ...phases];
}
