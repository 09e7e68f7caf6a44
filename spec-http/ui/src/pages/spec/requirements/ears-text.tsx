import { type EarsParts, earsSegments } from "../artifact/ears";
import { Clamp } from "../text/clamp";
import { Untrusted } from "../text/untrusted";
import "./ears.css";

/** A requirement in full, with the parts of its pattern marked in place. */
export function EarsText({ text, parts }: { text: string; parts: EarsParts | undefined }) {
  return (
    <div className="ears" dir="auto">
      <Clamp text={text} max={3_000}>
        {(shown) =>
          earsSegments(shown, shown === text ? parts : undefined).map((segment, index) => (
            <span key={index} className={`ears-${segment.role}`}>
              <Untrusted text={segment.text} kind="prose" max={Infinity} />
            </span>
          ))
        }
      </Clamp>
    </div>
  );
}

const LEGEND = [
  ["keyword", "Keyword"],
  ["condition", "Condition"],
  ["system", "System"],
  ["response", "Response"],
] as const;

export function EarsLegend() {
  return (
    <p className="ears-legend">
      {LEGEND.map(([role, name]) => (
        <span key={role} className={`ears-${role}`}>
          {name}
        </span>
      ))}
    </p>
  );
}
