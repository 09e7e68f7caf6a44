import type { Capabilities } from "@spec/client";
import { useEffect, useId, useRef } from "react";
import { FieldError } from "../../components/field-error";
import { Icon } from "../../components/icon";
import type { FieldErrors } from "./field-errors";
import { gatePresets, presetOf, type GatePreset } from "./gates";

/** What differs from the host's defaults; null where nothing does. */
export interface Choices {
  agent: string | null;
  gates: GatePreset | null;
}

/** What most launches leave as it is. */
export function Options({
  capabilities,
  choices,
  onChange,
  errors,
}: {
  capabilities: Capabilities;
  choices: Choices;
  onChange: (choices: Choices) => void;
  errors: FieldErrors;
}) {
  const id = useId();
  const details = useRef<HTMLDetailsElement>(null);
  const wrong = errors.agent ?? errors.gates;
  useEffect(() => {
    if (wrong !== undefined && details.current) details.current.open = true;
  }, [wrong]);

  const defaultPreset = presetOf(capabilities.default_policy.gates);
  const shown = choices.gates ?? defaultPreset;
  return (
    <details className="options" ref={details}>
      <summary>
        <Icon name="chevronRight" size={16} />
        Options
        <span className="muted">{summary(capabilities, choices, shown)}</span>
      </summary>
      <div className="options-body">
        <fieldset aria-describedby={`${id}-gates`}>
          <legend>Reviews</legend>
          <div className="option-list">
            {defaultPreset === null && (
              <Choice
                name="As this host has it"
                hint="Waits where its own rules say so."
                checked={choices.gates === null}
                onChoose={() => onChange({ ...choices, gates: null })}
              />
            )}
            {gatePresets.map(({ preset, name, hint }) => (
              <Choice
                key={preset}
                name={name}
                hint={hint}
                checked={shown === preset}
                onChoose={() => onChange({ ...choices, gates: preset })}
              />
            ))}
          </div>
          <FieldError id={`${id}-gates`}>{errors.gates}</FieldError>
        </fieldset>
        <div className="option-agent">
          <label htmlFor={`${id}-agent`}>Agent</label>
          <select
            id={`${id}-agent`}
            className="select"
            value={choices.agent ?? capabilities.default_agent ?? ""}
            aria-invalid={errors.agent !== undefined || undefined}
            aria-describedby={`${id}-agent-error`}
            onChange={(event) => {
              const agent = event.target.value;
              const usual = agent === (capabilities.default_agent ?? "");
              onChange({ ...choices, agent: usual ? null : agent });
            }}
          >
            {capabilities.default_agent === null && <option value="">As the project has it</option>}
            {capabilities.agents.map((agent) => (
              <option key={agent} value={agent}>
                {agent}
              </option>
            ))}
          </select>
          <FieldError id={`${id}-agent-error`}>{errors.agent}</FieldError>
        </div>
      </div>
    </details>
  );
}

function Choice({
  name,
  hint,
  checked,
  onChoose,
}: {
  name: string;
  hint: string;
  checked: boolean;
  onChoose: () => void;
}) {
  return (
    <label className="option">
      <input type="radio" name="gates" checked={checked} onChange={onChoose} />
      <span>
        {name}
        <small className="muted">{hint}</small>
      </span>
    </label>
  );
}

function summary(capabilities: Capabilities, choices: Choices, shown: GatePreset | null): string {
  const reviews = gatePresets.find(({ preset }) => preset === shown)?.name ?? "Reviews as usual";
  const agent = choices.agent ?? capabilities.default_agent;
  return agent === null ? reviews : `${reviews} · ${agent}`;
}
