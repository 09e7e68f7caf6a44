import type { ComponentPropsWithRef } from "react";
import { Icon, type IconName } from "./icon";
import "./button.css";

export type ButtonTone = "primary" | "plain" | "quiet" | "danger";

export interface ButtonProps extends ComponentPropsWithRef<"button"> {
  tone?: ButtonTone;
  size?: "s" | "m";
  icon?: IconName;
  /** Under way: it keeps its focus and its place, and does nothing when pressed. */
  busy?: boolean;
}

export function Button({
  tone = "plain",
  size = "m",
  icon,
  busy = false,
  type = "button",
  className,
  onClick,
  children,
  ...rest
}: ButtonProps) {
  const classes = ["button", `button-${tone}`, `button-${size}`];
  if (!children) classes.push("button-icon");
  if (className) classes.push(className);
  return (
    <button
      {...rest}
      type={type}
      className={classes.join(" ")}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy ? (
        <span className="spinner" aria-hidden="true" />
      ) : (
        icon && <Icon name={icon} size={18} />
      )}
      {children}
    </button>
  );
}
