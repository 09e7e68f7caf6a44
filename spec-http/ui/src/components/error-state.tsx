import type { ReactNode } from "react";
import { describeError } from "../lib/describe-error";
import { Button } from "./button";
import { Icon } from "./icon";
import "./state.css";

/** Says what went wrong and offers what helps: by default, to try again. */
export function ErrorState({
  error,
  onRetry,
  busy = false,
  action,
}: {
  error: unknown;
  onRetry?: () => void;
  busy?: boolean;
  action?: ReactNode;
}) {
  const { title, detail, requestId, repeatable } = describeError(error);
  return (
    <div className="state state-error" role="alert">
      <span className="state-icon">
        <Icon name="alert" size={24} />
      </span>
      <p className="state-title">{title}</p>
      {detail && <p className="muted">{detail}</p>}
      {requestId && (
        <p className="muted state-request">
          Request <code>{requestId}</code>
        </p>
      )}
      {(action ?? (repeatable && onRetry)) && (
        <div className="state-action">
          {action ?? (
            <Button icon="retry" busy={busy} onClick={onRetry}>
              Try again
            </Button>
          )}
        </div>
      )}
    </div>
  );
}
