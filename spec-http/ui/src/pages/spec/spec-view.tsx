import type { Phase, Spec } from "@spec/client";
import { lazy, useState } from "react";
import { OnceOpen } from "./actions/once-open";
import { FailurePanel } from "./failure/failure-panel";
import { Gate } from "./gate/gate";
import { SpecHeader } from "./header/spec-header";
import { PhaseAnnouncer } from "./phases/phase-announcer";
import { PhaseStepper } from "./phases/stepper";
import { type ShownVersions, SpecTabs } from "./tabs/spec-tabs";
import { tabOf } from "./tabs/tab-names";
import { useTab } from "./tabs/use-tab";
import { Timeline } from "./timeline/timeline";
import "./spec-view.css";

const BudgetDialog = lazy(() => import("./actions/budget-dialog"));
const RetryDialog = lazy(() => import("./actions/retry-dialog"));

/** A spec as the server has it. Nothing here decides what is allowed. */
export function SpecView({ spec }: { spec: Spec }) {
  const [tab, selectTab] = useTab(spec);
  const [versions, setVersions] = useState<ShownVersions>({});
  const [retrying, setRetrying] = useState<Phase | null>(null);
  const [budgeting, setBudgeting] = useState(false);
  const live = spec.status === "executing" || spec.status === "draft";
  const showVersion = (phase: Phase, version: number | undefined) =>
    setVersions((before) => ({ ...before, [phase]: version }));
  return (
    <div className="page spec-page" data-live={live || undefined}>
      <PhaseAnnouncer spec={spec} />
      <SpecHeader spec={spec} onRetry={setRetrying} />
      <PhaseStepper spec={spec} onSelect={(phase) => selectTab(tabOf(phase))} />
      <Gate
        spec={spec}
        onReview={(phase, version) => {
          showVersion(phase, version);
          selectTab(tabOf(phase));
        }}
      />
      <FailurePanel spec={spec} onRetry={setRetrying} onBudget={() => setBudgeting(true)} />
      <div className="spec-columns">
        <SpecTabs
          spec={spec}
          tab={tab}
          onTab={selectTab}
          versions={versions}
          onVersion={showVersion}
          onBudget={spec.actions.set_budget ? () => setBudgeting(true) : undefined}
        />
        <Timeline id={spec.id} />
      </div>
      <OnceOpen open={retrying !== null}>
        <RetryDialog id={spec.id} phase={retrying} onClose={() => setRetrying(null)} />
      </OnceOpen>
      <OnceOpen open={budgeting}>
        {budgeting && (
          <BudgetDialog id={spec.id} policy={spec.policy} onClose={() => setBudgeting(false)} />
        )}
      </OnceOpen>
    </div>
  );
}
