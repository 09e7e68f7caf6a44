import { useMemo } from "react";
import { type TextKind, cut, visibleRuns } from "./visible";
import "./text.css";

const MOST_INLINE = 2_000;

/**
 * Text of an agent or a person, within a line. It keeps to its own direction, its invisible
 * characters are shown, and of a very long one the beginning.
 */
export function Untrusted({
  text,
  kind = "identifier",
  max = MOST_INLINE,
}: {
  text: string;
  kind?: TextKind;
  max?: number;
}) {
  const shown = cut(text, max);
  const runs = useMemo(() => visibleRuns(shown, kind), [shown, kind]);
  return (
    <bdi className="untrusted">
      {runs.map((run, index) =>
        run.kind === "text" ? (
          run.text
        ) : (
          <span key={index} className="hidden-character" title={run.label}>
            <span aria-hidden="true">U+{run.code}</span>
            <span className="visually-hidden">({run.label})</span>
          </span>
        ),
      )}
      {shown.length < text.length && "…"}
    </bdi>
  );
}

/** The same as code: an id, a name in code or a path. */
export function UntrustedCode({ text }: { text: string }) {
  return (
    <code className="untrusted-code">
      <Untrusted text={text} />
    </code>
  );
}
