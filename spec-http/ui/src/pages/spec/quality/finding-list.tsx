import type { Finding } from "@spec/client";
import { Icon } from "../../../components/icon";
import { Sentence } from "../text/prose";
import { UntrustedCode } from "../text/untrusted";
import "./findings.css";

/** What checks had to say: errors first. */
export function FindingList({ findings }: { findings: readonly Finding[] }) {
  const sorted = [...findings].sort(
    (a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"),
  );
  return (
    <ul className="findings">
      {sorted.map((finding, index) => (
        <FindingItem key={index} finding={finding} />
      ))}
    </ul>
  );
}

function FindingItem({ finding }: { finding: Finding }) {
  return (
    <li className="finding" data-severity={finding.severity}>
      <Icon name="alert" size={16} />
      <div className="finding-text">
        <p>
          <span className="visually-hidden">{finding.severity}: </span>
          <Sentence text={finding.message} />
        </p>
        {finding.fix && (
          <p className="muted">
            <Sentence text={finding.fix} />
          </p>
        )}
        <p className="finding-place">
          <span>{finding.rule}</span>
          <UntrustedCode text={finding.pointer || "/"} />
        </p>
      </div>
    </li>
  );
}
