export type Mode = "spec" | "quick";

const modes: readonly { mode: Mode; name: string; hint: string }[] = [
  { mode: "quick", name: "Quick Task", hint: "One task, started at once" },
  { mode: "spec", name: "Spec-Driven", hint: "Explored, specified and planned first" },
];

/** What becomes of the idea. */
export function ModeToggle({ mode, onChange }: { mode: Mode; onChange: (mode: Mode) => void }) {
  return (
    <fieldset className="mode">
      <legend className="visually-hidden">Kind of work</legend>
      {modes.map((each) => (
        <label key={each.mode} className="mode-choice" title={each.hint}>
          <input
            type="radio"
            name="mode"
            value={each.mode}
            checked={mode === each.mode}
            onChange={() => onChange(each.mode)}
          />
          <span>{each.name}</span>
        </label>
      ))}
    </fieldset>
  );
}
