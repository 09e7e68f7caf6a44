import { useCancel } from "@spec/client/react";
import { useState } from "react";
import { ActionDialog } from "./dialog";
import { TextArea } from "./text-area";
import { useAction } from "./use-action";

export default function CancelDialog({
  id,
  open,
  onClose,
}: {
  id: string;
  open: boolean;
  onClose: () => void;
}) {
  const [reason, setReason] = useState("");
  const cancel = useAction(useCancel(id), { inline: true });
  return (
    <ActionDialog
      open={open}
      onClose={() => {
        cancel.reset();
        onClose();
      }}
      title="Cancel this spec?"
      description="The running agent and its sandbox are stopped for good. What was accepted is kept, and the spec cannot be resumed."
      confirm="Cancel the spec"
      tone="danger"
      busy={cancel.busy}
      error={cancel.error}
      onConfirm={() => cancel.run(reason.trim() ? { reason: reason.trim() } : {}, onClose)}
    >
      <TextArea label="Reason" value={reason} onChange={setReason} max={1000} />
    </ActionDialog>
  );
}
