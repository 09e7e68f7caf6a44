import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon";
import "./state.css";

/** Says that there is nothing, why, and what to do about it. */
export function EmptyState({
  icon = "document",
  title,
  children,
  action,
}: {
  icon?: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="state">
      <span className="state-icon">
        <Icon name={icon} size={24} />
      </span>
      <p className="state-title">{title}</p>
      {children && <p className="muted">{children}</p>}
      {action && <div className="state-action">{action}</div>}
    </div>
  );
}
