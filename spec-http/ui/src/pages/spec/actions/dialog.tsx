import { AlertDialog } from "@base-ui/react/alert-dialog";
import type { ReactNode } from "react";
import { Button } from "../../../components/button";
import { errorText } from "./use-action";
import "./dialog.css";

/** Asks before something is done. What was typed stays when it fails. */
export function ActionDialog({
  open,
  onClose,
  title,
  description,
  confirm,
  tone = "primary",
  busy,
  error,
  blocked = false,
  onConfirm,
  children,
}: {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  description: ReactNode;
  confirm: string;
  tone?: "primary" | "danger";
  busy: boolean;
  error: unknown;
  /** There is something to fill in first. */
  blocked?: boolean;
  onConfirm: () => void;
  children?: ReactNode;
}) {
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => !next && !busy && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="dialog-backdrop" />
        <AlertDialog.Popup className="dialog">
          <form
            className="dialog-form"
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              if (!busy && !blocked) onConfirm();
            }}
          >
            <AlertDialog.Title className="dialog-title">{title}</AlertDialog.Title>
            <AlertDialog.Description className="muted">{description}</AlertDialog.Description>
            {children}
            {error ? (
              <p className="dialog-error" role="alert">
                {errorText(error)}
              </p>
            ) : null}
            <div className="dialog-actions">
              <AlertDialog.Close disabled={busy} render={<Button tone="plain">Back</Button>} />
              <Button type="submit" tone={tone} busy={busy} disabled={blocked}>
                {confirm}
              </Button>
            </div>
          </form>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
