import type { Phase } from "@spec/client";
import { Button } from "../../../components/button";
import { Icon } from "../../../components/icon";
import { phaseNames } from "../../../lib/names";
import { errorText } from "../actions/use-action";
import { shortHash } from "../format/hash";
import { plural } from "../format/plural";
import { NewerVersion } from "./newer-version";
import type { GateState } from "./use-gate";
import "./gate.css";

/** Asks for a decision about exactly the version that is on the screen. */
export function GateBar({
  phase,
  gate,
  commented,
  onReview,
  onShowNewer,
  onRequestChanges,
}: {
  phase: Phase;
  gate: GateState;
  commented: boolean;
  onReview: () => void;
  onShowNewer: () => void;
  /** Not given where that is not allowed. */
  onRequestChanges: (() => void) | undefined;
}) {
  const { seen, newer, outdated, approve } = gate;
  const warnings = seen?.findings.filter(({ severity }) => severity === "warning").length ?? 0;
  return (
    <section className="gate" aria-label="Approval">
      <div className="gate-text">
        <p className="gate-title">
          <Icon name="pause" size={18} />
          {phaseNames[phase]} {seen ? `version ${seen.version} ` : ""}waits for your approval
        </p>
        {seen && (
          <p className="gate-facts">
            {warnings > 0 ? `${plural(warnings, "warning")} to look at. ` : "No warnings. "}
            Content <code title={seen.content_hash}>{shortHash(seen.content_hash)}</code>
          </p>
        )}
      </div>
      {outdated && (
        <NewerVersion version={newer?.version ?? null} kept={commented} onShow={onShowNewer} />
      )}
      {approve.error && !outdated ? (
        <p className="gate-error" role="alert">
          {errorText(approve.error)}
        </p>
      ) : null}
      <div className="gate-actions">
        <Button tone="quiet" disabled={!seen} onClick={onReview}>
          Review
        </Button>
        {onRequestChanges && (
          <Button disabled={!seen} onClick={onRequestChanges}>
            Request changes
          </Button>
        )}
        <Button
          tone="primary"
          icon="check"
          disabled={!seen || outdated}
          busy={approve.busy}
          onClick={() => seen && approve.run({ phase, content_hash: seen.content_hash })}
        >
          Approve
        </Button>
      </div>
    </section>
  );
}
