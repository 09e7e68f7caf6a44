import { AlertDialog } from "@base-ui/react/alert-dialog";
import type { SpecItem } from "@spec/client";
import { useArchive } from "@spec/client/react";
import { useRef } from "react";
import { toast } from "../../components/announcements";
import { Button } from "../../components/button";
import { FieldError } from "../../components/field-error";
import { describeError } from "../../lib/describe-error";
import "../../components/dialog.css";

/** Asks before a spec is taken off the list. */
export function ArchiveDialog({ spec, onClose }: { spec: SpecItem; onClose: () => void }) {
  const archive = useArchive(spec.id);
  const keep = useRef<HTMLButtonElement>(null);
  const problem = archive.error ? describeError(archive.error) : null;

  function confirm(): void {
    archive.mutate(undefined, {
      onSuccess() {
        toast(`“${spec.title}” is archived.`);
        onClose();
      },
    });
  }

  return (
    <AlertDialog.Root
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="dialog-backdrop" />
        <AlertDialog.Popup className="dialog" initialFocus={keep}>
          <AlertDialog.Title className="dialog-title">Archive this spec?</AlertDialog.Title>
          <AlertDialog.Description className="dialog-text">
            <strong>{spec.title}</strong> leaves this list. Its results are kept, and it stays
            on it with “Include archived”.
          </AlertDialog.Description>
          <FieldError id="archive-error">
            {problem ? `${problem.title}. ${problem.detail ?? ""}` : undefined}
          </FieldError>
          <div className="dialog-actions">
            <Button ref={keep} onClick={onClose}>
              Keep it
            </Button>
            <Button tone="danger" icon="archive" busy={archive.isPending} onClick={confirm}>
              Archive
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
