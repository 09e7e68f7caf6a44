import type { PhaseDetail } from "@spec/client";
import { Time } from "../../../components/time";
import { Sentence } from "../text/prose";
import { Untrusted } from "../text/untrusted";
import "./artifact.css";

/** What people decided about a phase: who approved it, and what was asked for and is still open. */
export function Decisions({ detail }: { detail: Pick<PhaseDetail, "approval" | "feedback"> }) {
  const { approval, feedback } = detail;
  if (!approval && feedback.length === 0) return null;
  return (
    <div className="decisions">
      {approval && (
        <p>
          Version {approval.version} was approved by <Untrusted text={approval.by} />,{" "}
          <Time at={approval.at} />.
        </p>
      )}
      {feedback.map(({ by, at, comment }, index) => (
        <p key={index} dir="auto">
          <span className="muted">
            <Untrusted text={by} /> asked <Time at={at} />:
          </span>{" "}
          <Sentence text={comment} />
        </p>
      ))}
    </div>
  );
}
