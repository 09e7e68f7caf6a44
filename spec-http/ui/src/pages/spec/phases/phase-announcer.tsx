import type { Spec } from "@spec/client";
import { useEffect, useRef } from "react";
import { announce } from "../../../components/announcements";
import { phaseNames, phaseStatusName, specStatusNames } from "../../../lib/names";

type Known = Pick<Spec, "status" | "current_phase"> & {
  phases: readonly Pick<Spec["phases"][number], "phase" | "status">[];
};

/** What has changed since `before`, in one sentence; empty when nothing a listener needs has. */
export function changesSaid(before: Known, now: Known): string {
  const said = now.phases
    .filter(({ phase, status }) =>
      before.phases.some((other) => other.phase === phase && other.status !== status),
    )
    .map(({ phase, status }) => `${phaseNames[phase]}: ${phaseStatusName(now, phase, status)}.`);
  if (before.status !== now.status) said.push(`Spec: ${specStatusNames[now.status]}.`);
  return said.join(" ");
}

/** Speaks changes of phases, so that the timeline itself need not be spoken. */
export function PhaseAnnouncer({ spec }: { spec: Spec }) {
  const before = useRef<Spec>(spec);
  useEffect(() => {
    const said = changesSaid(before.current, spec);
    before.current = spec;
    if (said) announce(said);
  }, [spec]);
  return null;
}
