import { PHASES, type Phase } from "@spec/client";
import { Toggle } from "@base-ui/react/toggle";
import { useId } from "react";
import { phaseNames } from "../../../lib/names";
import { KIND_NAMES, type TimelineFilter, withKind } from "./filter";
import { LINE_KINDS } from "./lines";

export function FilterBar({
  filter,
  onChange,
}: {
  filter: TimelineFilter;
  onChange: (filter: TimelineFilter) => void;
}) {
  const id = useId();
  return (
    <div className="timeline-filter" role="group" aria-label="Show in the timeline">
      <label className="visually-hidden" htmlFor={id}>
        Phase
      </label>
      <select
        id={id}
        className="timeline-phase"
        value={filter.phase ?? ""}
        onChange={(event) => {
          const phase = PHASES.find((each: Phase) => each === event.target.value) ?? null;
          onChange({ ...filter, phase });
        }}
      >
        <option value="">All phases</option>
        {PHASES.map((phase) => (
          <option key={phase} value={phase}>
            {phaseNames[phase]}
          </option>
        ))}
      </select>
      {LINE_KINDS.map((kind) => (
        <Toggle
          key={kind}
          className="timeline-kind"
          pressed={!filter.hidden.has(kind)}
          onPressedChange={(shown) => onChange(withKind(filter, kind, shown))}
        >
          {KIND_NAMES[kind]}
        </Toggle>
      ))}
    </div>
  );
}
