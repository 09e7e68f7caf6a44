import type { Phase } from "@spec/client";
import { useState } from "react";
import { Button } from "../../../components/button";
import { Icon } from "../../../components/icon";
import { phaseNames } from "../../../lib/names";
import { ActionDialog } from "../actions/dialog";
import { TextArea } from "../actions/text-area";
import { errorText } from "../actions/use-action";
import { plural } from "../format/plural";
import { useGate } from "./use-gate";
import "./gate.css";

const LONGEST_COMMENT = 10_000;

/** Asks for a decision about exactly the version that is on the screen. */
export function GateBar({
  id,
  phase,
  version,
  canRequestChanges,
  onReview,
}: {
  id: string;
  phase: Phase;
  /** The one that waits, as the spec says. */
  version: number;
  canRequestChanges: boolean;
  /** Shows a version of the phase's artifact. */
  onReview: (phase: Phase, version: number) => void;
}) {
  const { seen, newer, outdated, approve, request, showNewer } = useGate(id, phase, version);
  const [asking, setAsking] = useState(false);
  const [comment, setComment] = useState("");
  const name = phaseNames[phase];
  const warnings = seen?.findings.filter(({ severity }) => severity === "warning").length ?? 0;
  const blocked = seen === null || newer !== null;
  const review = (version: number) => onReview(phase, version);
  const showIt = () => {
    if (newer) review(newer.version);
    showNewer();
  };
  return (
    <section className="gate" aria-label="Approval">
      <div className="gate-text">
        <p className="gate-title">
          <Icon name="pause" size={18} />
          {name} {seen ? `version ${seen.version} ` : ""}waits for your approval
        </p>
        <p className="gate-facts">
          {warnings > 0 ? `${plural(warnings, "warning")} to look at. ` : "No warnings. "}
          {seen && (
            <>
              Content <code title={seen.content_hash}>{shortHash(seen.content_hash)}</code>
            </>
          )}
        </p>
      </div>
      {(newer || outdated) && (
        <NewerVersion version={newer?.version ?? null} kept={comment !== ""} onShow={showIt} />
      )}
      {approve.error && !newer && !outdated ? (
        <p className="gate-error" role="alert">
          {errorText(approve.error)}
        </p>
      ) : null}
      <div className="gate-actions">
        <Button tone="quiet" disabled={!seen} onClick={() => seen && review(seen.version)}>
          Review
        </Button>
        {canRequestChanges && (
          <Button disabled={seen === null} onClick={() => setAsking(true)}>
            Request changes
          </Button>
        )}
        <Button
          tone="primary"
          icon="check"
          disabled={blocked}
          busy={approve.busy}
          onClick={() => seen && approve.run({ phase, content_hash: seen.content_hash })}
        >
          Approve
        </Button>
      </div>
      <ActionDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Request changes to ${name}`}
        description={`The phase is done again with your comment. ${seen ? `It is about version ${seen.version}.` : ""}`}
        confirm="Request changes"
        busy={request.busy}
        error={newer || outdated ? null : request.error}
        blocked={blocked || comment.trim() === ""}
        onConfirm={() => {
          if (!seen) return;
          const body = { phase, content_hash: seen.content_hash, comment: comment.trim() };
          request.run(body, () => {
            setComment("");
            setAsking(false);
          });
        }}
      >
        {(newer || outdated) && (
          <NewerVersion version={newer?.version ?? null} kept={comment !== ""} onShow={showIt} />
        )}
        <TextArea
          label="What should be different?"
          value={comment}
          onChange={setComment}
          max={LONGEST_COMMENT}
          required
        />
      </ActionDialog>
    </section>
  );
}

function NewerVersion({
  version,
  kept,
  onShow,
}: {
  version: number | null;
  kept: boolean;
  onShow: () => void;
}) {
  return (
    <div className="gate-newer" role="alert">
      <p>
        {version === null
          ? "A newer version exists and is being loaded."
          : `A newer version exists: version ${version}.`}
        {kept && " Your comment is kept."}
      </p>
      {version !== null && (
        <Button size="s" onClick={onShow}>
          Show version {version}
        </Button>
      )}
    </div>
  );
}

/** The beginning of a hash, without the name of its algorithm. */
export function shortHash(hash: string): string {
  return hash.replace(/^[a-z0-9]+:/, "").slice(0, 12);
}
