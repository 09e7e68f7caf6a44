import type { Phase, Spec } from "@spec/client";
import { Button } from "../../../components/button";
import { Icon } from "../../../components/icon";
import { phaseNames } from "../../../lib/names";
import { FindingList } from "../quality/finding-list";
import { Untrusted } from "../text/untrusted";
import { failureWords } from "./kinds";
import "./failure.css";

/** Why it failed, what was kept and what helps. */
export function FailurePanel({
  spec,
  onRetry,
  onBudget,
}: {
  spec: Spec;
  onRetry: (phase: Phase) => void;
  onBudget: () => void;
}) {
  const { failure } = spec;
  if (!failure) return null;
  const words = failureWords(failure.kind);
  const kept = spec.phases.filter(({ accepted }) => accepted !== null);
  const findings =
    spec.phases.find(({ phase }) => phase === failure.phase)?.attempts.at(-1)?.findings ?? [];
  const canRetry = spec.actions.retry.includes(failure.phase);
  return (
    <section className="failure" aria-labelledby="failure-title">
      <h2 id="failure-title" className="failure-title">
        <Icon name="alert" />
        {phaseNames[failure.phase]} failed: {words.title}
      </h2>
      <p className="failure-message">
        <Untrusted text={failure.message} kind="prose" max={4000} />
      </p>
      <p>{words.advice}</p>
      <p className="muted">
        {kept.length === 0
          ? "No phase was accepted before."
          : `Kept: ${kept.map(({ phase, accepted }) => `${phaseNames[phase]} (version ${accepted?.version})`).join(", ")}.`}
      </p>
      {findings.length > 0 && (
        <details className="failure-findings">
          <summary>Findings of attempt {failure.attempt}</summary>
          <FindingList findings={findings} />
        </details>
      )}
      <div className="failure-actions">
        {words.remedy === "budget" && spec.actions.set_budget && (
          <Button tone="primary" onClick={onBudget}>
            Raise the budget
          </Button>
        )}
        {canRetry && (
          <Button
            tone={words.remedy === "retry" ? "primary" : "plain"}
            icon="retry"
            onClick={() => onRetry(failure.phase)}
          >
            Retry from {phaseNames[failure.phase]}
          </Button>
        )}
      </div>
    </section>
  );
}
