import type { Policy } from "@spec/client";
import { useSetBudget } from "@spec/client/react";
import { useId, useState } from "react";
import { type BudgetText, budgetText, readBudget } from "./budget-form";
import { ActionDialog } from "./dialog";
import { useAction } from "./use-action";

/** Changes the limits. Mounted anew each time, so that it begins with those that hold. */
export default function BudgetDialog({
  id,
  policy,
  onClose,
}: {
  id: string;
  policy: Policy;
  onClose: () => void;
}) {
  const [spec, setSpec] = useState(() => budgetText(policy.budget ?? {}));
  const [phase, setPhase] = useState(() => budgetText(policy.phase_budget ?? {}));
  const change = useAction(useSetBudget(id), { inline: true, done: "The budget is changed." });
  const [ofSpec, ofPhase] = [readBudget(spec), readBudget(phase)];
  const blocked = [ofSpec, ofPhase].some(({ wrong }) => wrong.tokens || wrong.dollars);
  return (
    <ActionDialog
      open
      onClose={onClose}
      title="Change the budget"
      description="Limits on what agents may consume. An empty field is no limit."
      confirm="Save"
      busy={change.busy}
      error={change.error}
      blocked={blocked}
      onConfirm={() => change.run({ budget: ofSpec.budget, phase_budget: ofPhase.budget }, onClose)}
    >
      <Limits legend="Of the whole spec" typed={spec} onChange={setSpec} />
      <Limits legend="Of each phase" typed={phase} onChange={setPhase} />
    </ActionDialog>
  );
}

function Limits({
  legend,
  typed,
  onChange,
}: {
  legend: string;
  typed: BudgetText;
  onChange: (typed: BudgetText) => void;
}) {
  const { wrong } = readBudget(typed);
  return (
    <fieldset className="field">
      <legend>{legend}</legend>
      <div className="field-pair">
        <Limit
          label="Tokens"
          error={wrong.tokens ? "A whole number from 1." : null}
          value={typed.tokens}
          onChange={(tokens) => onChange({ ...typed, tokens })}
        />
        <Limit
          label="US dollars"
          error={wrong.dollars ? "An amount such as 2.50." : null}
          value={typed.dollars}
          onChange={(dollars) => onChange({ ...typed, dollars })}
        />
      </div>
    </fieldset>
  );
}

function Limit({
  label,
  error,
  value,
  onChange,
}: {
  label: string;
  error: string | null;
  value: string;
  onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        inputMode="decimal"
        autoComplete="off"
        placeholder="no limit"
        value={value}
        aria-invalid={error !== null}
        aria-describedby={error ? `${id}-error` : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {error && (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      )}
    </div>
  );
}
