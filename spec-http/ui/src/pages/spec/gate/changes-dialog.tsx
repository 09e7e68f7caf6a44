import type { Phase } from "@spec/client";
import { phaseNames } from "../../../lib/names";
import { ActionDialog } from "../actions/dialog";
import { TextArea } from "../actions/text-area";
import { NewerVersion } from "./newer-version";
import type { GateState } from "./use-gate";

const LONGEST_COMMENT = 10_000;

/** Takes a comment on what is on the screen. What was typed outlives whatever others do meanwhile. */
export default function ChangesDialog({
  phase,
  gate,
  waiting,
  open,
  comment,
  onComment,
  onShowNewer,
  onClose,
  onDone,
}: {
  phase: Phase;
  gate: GateState;
  /** False when somebody else has decided in the meantime. */
  waiting: boolean;
  open: boolean;
  comment: string;
  onComment: (comment: string) => void;
  onShowNewer: () => void;
  onClose: () => void;
  onDone: () => void;
}) {
  const { seen, newer, outdated, request } = gate;
  const name = phaseNames[phase];
  const decided = !waiting && !request.busy;
  return (
    <ActionDialog
      open={open}
      onClose={onClose}
      title={`Request changes to ${name}`}
      description={`The phase is done again with your comment. ${seen ? `It is about version ${seen.version}.` : ""}`}
      confirm="Request changes"
      busy={request.busy}
      error={outdated || decided ? null : request.error}
      blocked={!seen || outdated || decided || comment.trim() === ""}
      onConfirm={() => {
        if (!seen) return;
        const { content_hash } = seen;
        request.run({ phase, content_hash, comment: comment.trim() }, onDone);
      }}
    >
      {decided ? (
        <p className="gate-newer" role="alert">
          {name} no longer waits: somebody has decided in the meantime. Your comment is kept here.
        </p>
      ) : (
        outdated && (
          <NewerVersion
            version={newer?.version ?? null}
            kept={comment !== ""}
            onShow={onShowNewer}
          />
        )
      )}
      <TextArea
        label="What should be different?"
        value={comment}
        onChange={onComment}
        max={LONGEST_COMMENT}
        required
      />
    </ActionDialog>
  );
}
