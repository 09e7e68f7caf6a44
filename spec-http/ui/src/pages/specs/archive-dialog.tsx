import { AlertDialog } from "@base-ui/react/alert-dialog";
import type { SpecItem, SpecStatus } from "@spec/client";
import { useArchive, useSpec } from "@spec/client/react";
import { useRef } from "react";
import { Link } from "wouter";
import { toast } from "../../components/announcements";
import { Button } from "../../components/button";
import { FieldError } from "../../components/field-error";
import { describeError } from "../../lib/describe-error";
import "../../components/dialog.css";

const underWay = {
  title: "This spec is under way",
  text: "can be archived when it has ended. Cancel it on its page, or let it end.",
};
const notPermitted = {
  title: "You may not archive this spec",
  text: "can be archived by those who may change it.",
};

function isUnderWay(status: SpecStatus): boolean {
  return ["executing", "awaiting_approval", "awaiting_answers", "paused"].includes(status);
}

/** Asks before a spec is taken off the list; what its state allows is for the server to say. */
export function ArchiveDialog({ spec, onClose }: { spec: SpecItem; onClose: () => void }) {
  const detail = useSpec(spec.id);
  const archive = useArchive(spec.id);
  const keep = useRef<HTMLButtonElement>(null);
  const error = archive.error ?? detail.error;
  const problem = error ? describeError(error) : null;
  const refused = detail.data?.actions.archive === false;
  const refusal = isUnderWay(detail.data?.status ?? spec.status) ? underWay : notPermitted;

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
          <AlertDialog.Title className="dialog-title">
            {refused ? refusal.title : "Archive this spec?"}
          </AlertDialog.Title>
          <AlertDialog.Description className="dialog-text">
            <strong>{spec.title}</strong>{" "}
            {refused
              ? refusal.text
              : "leaves this list. Its results are kept, and “Include archived” shows it again."}
          </AlertDialog.Description>
          <FieldError id="archive-error">
            {problem ? `${problem.title}. ${problem.detail ?? ""}` : undefined}
          </FieldError>
          <div className="dialog-actions">
            <Button ref={keep} onClick={onClose}>
              {refused ? "Close" : "Keep it"}
            </Button>
            {refused ? (
              <Link href={`/specs/${spec.id}`} className="button button-primary button-m">
                Go to its page
              </Link>
            ) : (
              <Button
                tone="danger"
                icon="archive"
                busy={archive.isPending || detail.isPending}
                onClick={confirm}
              >
                Archive
              </Button>
            )}
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
