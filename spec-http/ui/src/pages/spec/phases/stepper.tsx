import type { Phase, Spec, SpecStatus } from "@spec/client";
import { Icon } from "../../../components/icon";
import { phaseNames, phaseStatusName } from "../../../lib/names";
import { formatDuration } from "../format/duration";
import { plural } from "../format/plural";
import { type Step, stepOf } from "./step";
import { useSecond } from "./use-second";
import "./stepper.css";

/** The five phases in order; each leads to what it produced. */
export function PhaseStepper({ spec, onSelect }: { spec: Spec; onSelect: (phase: Phase) => void }) {
  const now = useSecond(spec.phases.some(({ status }) => status === "running"));
  return (
    <nav aria-label="Phases">
      <ol className="stepper">
        {spec.phases.map((detail) => (
          <StepItem key={detail.phase} step={stepOf(detail, now)} spec={spec} onSelect={onSelect} />
        ))}
      </ol>
    </nav>
  );
}

function StepItem({
  step,
  spec,
  onSelect,
}: {
  step: Step;
  spec: Spec;
  onSelect: (phase: Phase) => void;
}) {
  return (
    <li className="step" data-status={step.status}>
      <button
        type="button"
        className="step-button"
        aria-current={spec.current_phase === step.phase ? "step" : undefined}
        onClick={() => onSelect(step.phase)}
      >
        <span className="step-mark" aria-hidden="true">
          <StepMark status={step.status} />
        </span>
        <span className="step-name">{phaseNames[step.phase]}</span>
        <span className="step-status">{phaseStatusName(spec, step.phase, step.status)}</span>
        <span className="step-facts">
          {facts(step, spec.status).map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </span>
      </button>
    </li>
  );
}

function facts(step: Step, specStatus: SpecStatus): string[] {
  const said: string[] = [];
  if (step.duration !== null) said.push(formatDuration(step.duration));
  if (step.attempts > 1) said.push(plural(step.attempts, "attempt"));
  if (step.repairs > 0) said.push(plural(step.repairs, "repair"));
  if (step.cost !== null) said.push(step.cost);
  const ahead = step.status === "pending" && specStatus !== "cancelled";
  if (step.gated && ahead) said.push("needs approval");
  return said;
}

function StepMark({ status }: { status: Step["status"] }) {
  switch (status) {
    case "completed":
      return <Icon name="check" size={14} />;
    case "failed":
      return <Icon name="close" size={14} />;
    case "stale":
      return <Icon name="retry" size={14} />;
    case "awaiting_approval":
    case "awaiting_answers":
      return <Icon name="pause" size={14} />;
    case "running":
    case "pending":
      return <span className="step-dot" />;
  }
}
