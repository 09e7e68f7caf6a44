import { memo, useState } from "react";
import { phaseNames } from "../../../lib/names";
import { formatClock } from "../format/time";
import { plural } from "../format/plural";
import { Untrusted } from "../text/untrusted";
import { LineMark } from "./line-mark";
import type { TimelineLine } from "./lines";

const SHORT = 280;

export const TimelineRow = memo(function TimelineRow({ line }: { line: TimelineLine }) {
  const [open, setOpen] = useState(false);
  const more = line.quoted.length > SHORT || line.findings.length > 0;
  return (
    <div className="line" data-tone={line.tone} data-kind={line.kind}>
      <time className="line-time" dateTime={line.at}>
        {formatClock(line.at)}
      </time>
      <LineMark icon={line.icon} />
      <div className="line-text">
        {line.phase && <span className="line-phase">{phaseNames[line.phase]}</span>}
        {line.text && <span>{line.text} </span>}
        {line.quoted && (
          <span className="line-quoted">
            <Untrusted text={line.quoted} kind="prose" max={open ? 20_000 : SHORT} />
          </span>
        )}
        {open && line.findings.length > 0 && (
          <ul className="line-findings">
            {line.findings.map((finding, index) => (
              <li key={index}>
                <Untrusted text={finding} kind="prose" />
              </li>
            ))}
          </ul>
        )}
        {more && (
          <button
            type="button"
            className="line-more"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            {open
              ? "Less"
              : line.findings.length > 0
                ? `Show ${plural(line.findings.length, "finding")}`
                : "More"}
          </button>
        )}
      </div>
    </div>
  );
});
