import type { Finding, Phase, PhaseResult, Spec } from "@spec/client";

export interface PhaseFindings {
  readonly phase: Phase;
  /** True: of an output that was refused; else of the newest version. */
  readonly refused: boolean;
  readonly findings: readonly Finding[];
}

/**
 * What the checks had to say of each phase: of its newest version, and of the last attempt's output
 * where that was refused.
 */
export function allFindings(
  spec: Pick<Spec, "phases">,
  results: readonly (PhaseResult | undefined)[],
): PhaseFindings[] {
  return spec.phases.flatMap(({ phase, attempts, status }) => {
    const found: PhaseFindings[] = [];
    const artifact = results.find((result) => result?.phase === phase)?.artifact;
    if (artifact && artifact.findings.length > 0) {
      found.push({ phase, refused: false, findings: artifact.findings });
    }
    const last = attempts.at(-1)?.findings ?? [];
    const open = status === "failed" || status === "running";
    if (open && last.length > 0) found.push({ phase, refused: true, findings: last });
    return found;
  });
}
