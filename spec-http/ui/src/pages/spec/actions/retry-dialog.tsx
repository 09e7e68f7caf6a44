import { PHASES, type Phase } from "@spec/client";
import { useRetry } from "@spec/client/react";
import { useState } from "react";
import { phaseNames } from "../../../lib/names";
import { ActionDialog } from "./dialog";
import { TextArea } from "./text-area";
import { useAction } from "./use-action";

export default function RetryDialog({
  id,
  phase,
  onClose,
}: {
  id: string;
  phase: Phase | null;
  onClose: () => void;
}) {
  const [feedback, setFeedback] = useState("");
  const retry = useAction(useRetry(id), { inline: true });
  const close = () => {
    retry.reset();
    onClose();
  };
  const later = phase ? PHASES.slice(PHASES.indexOf(phase) + 1) : [];
  return (
    <ActionDialog
      open={phase !== null}
      onClose={close}
      title={`Retry from ${phase ? phaseNames[phase] : ""}?`}
      description={
        later.length > 0
          ? `The phase is done again with a fresh sandbox; ${later.map((each) => phaseNames[each]).join(", ")} then follow again. Earlier versions are kept.`
          : "The phase is done again with a fresh sandbox. Earlier versions are kept."
      }
      confirm="Retry"
      busy={retry.busy}
      error={retry.error}
      onConfirm={() => {
        if (!phase) return;
        retry.run({ phase, ...(feedback.trim() ? { feedback: feedback.trim() } : {}) }, () => {
          setFeedback("");
          close();
        });
      }}
    >
      <TextArea
        label="Feedback to the agent"
        hint="What it should do differently this time."
        value={feedback}
        onChange={setFeedback}
        max={10_000}
      />
    </ActionDialog>
  );
}
