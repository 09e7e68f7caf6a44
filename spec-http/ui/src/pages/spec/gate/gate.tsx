import type { Phase, Spec } from "@spec/client";
import { lazy, useState } from "react";
import { OnceOpen } from "../actions/once-open";
import { GateBar } from "./gate-bar";
import { useGate } from "./use-gate";

const ChangesDialog = lazy(() => import("./changes-dialog"));

interface GateProps {
  spec: Spec;
  /** Shows a version of a phase's artifact. */
  onReview: (phase: Phase, version: number) => void;
}

/** What waits for a decision. It stays for as long as somebody writes a comment on it. */
export function Gate({ spec, onReview }: GateProps) {
  const { approve } = spec.actions;
  const [asking, setAsking] = useState<Phase | null>(null);
  const [comment, setComment] = useState("");
  const phase = asking ?? approve;
  if (!phase) return null;
  return (
    <GateOf
      key={phase}
      spec={spec}
      onReview={onReview}
      phase={phase}
      asking={asking !== null}
      onAsking={(asks) => setAsking(asks ? phase : null)}
      comment={comment}
      onComment={setComment}
    />
  );
}

function GateOf({
  spec,
  onReview,
  phase,
  asking,
  onAsking,
  comment,
  onComment,
}: GateProps & {
  phase: Phase;
  asking: boolean;
  onAsking: (asking: boolean) => void;
  comment: string;
  onComment: (comment: string) => void;
}) {
  const version = spec.phases.find((state) => state.phase === phase)?.accepted?.version ?? 1;
  const gate = useGate(spec.id, phase, version);
  const { seen, newer } = gate;
  const waiting = spec.actions.approve === phase;
  const showNewer = () => {
    if (newer) onReview(phase, newer.version);
    gate.showNewer();
  };
  return (
    <>
      {waiting && (
        <GateBar
          phase={phase}
          gate={gate}
          commented={comment !== ""}
          onReview={() => seen && onReview(phase, seen.version)}
          onShowNewer={showNewer}
          onRequestChanges={
            spec.actions.request_changes === phase ? () => onAsking(true) : undefined
          }
        />
      )}
      <OnceOpen open={asking}>
        <ChangesDialog
          phase={phase}
          gate={gate}
          waiting={waiting}
          open={asking}
          comment={comment}
          onComment={onComment}
          onShowNewer={showNewer}
          onClose={() => onAsking(false)}
          onDone={() => {
            onComment("");
            onAsking(false);
          }}
        />
      </OnceOpen>
    </>
  );
}
