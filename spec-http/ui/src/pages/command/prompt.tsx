import type { KeyboardEvent, RefObject } from "react";

/** True for the Enter that means "go", and not "new line" or "take this suggestion of the input method". */
function isGo(event: KeyboardEvent): boolean {
  const { isComposing, keyCode } = event.nativeEvent;
  // Safari ends a composition before its Enter arrives, and marks it by this code alone.
  return (
    event.key === "Enter" && !event.shiftKey && !event.altKey && !isComposing && keyCode !== 229
  );
}

/** Where the idea is typed. It grows with it. */
export function Prompt({
  field,
  value,
  onChange,
  locked,
  invalid,
  describedBy,
}: {
  field: RefObject<HTMLTextAreaElement | null>;
  value: string;
  onChange: (value: string) => void;
  /** While it is on its way: what were typed then would be lost. */
  locked: boolean;
  invalid: boolean;
  describedBy: string;
}) {
  return (
    // The copy of the text in the attribute is laid out behind the field and gives it its height.
    <div className="prompt" data-value={value}>
      <textarea
        ref={field}
        name="idea"
        rows={1}
        autoFocus
        enterKeyHint="go"
        aria-labelledby="prompt-label"
        aria-describedby={describedBy}
        aria-invalid={invalid || undefined}
        placeholder="Add user authentication with OAuth support"
        value={value}
        readOnly={locked}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (!isGo(event)) return;
          event.preventDefault();
          event.currentTarget.form?.requestSubmit();
        }}
      />
    </div>
  );
}
