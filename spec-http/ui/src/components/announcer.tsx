import { useSyncExternalStore } from "react";
import { Button } from "./button";
import { announcements } from "./announcements";
import "./announcer.css";

/** Shows and speaks what `announce` and `toast` say. Once per page, outside of what navigation replaces. */
export function Announcer() {
  const { spoken, toasts } = useSyncExternalStore(announcements.subscribe, announcements.current);
  return (
    <>
      <div className="visually-hidden" role="status">
        {spoken}
      </div>
      <section className="toasts" aria-label="Notifications" aria-live="polite">
        {toasts.map((toast) => (
          <div
            key={toast.id}
            className="toast"
            data-tone={toast.tone}
            onMouseEnter={() => announcements.hold(toast.id)}
            onMouseLeave={() => announcements.release(toast.id)}
            onFocus={() => announcements.hold(toast.id)}
            onBlur={() => announcements.release(toast.id)}
          >
            <p>{toast.text}</p>
            <Button
              tone="quiet"
              size="s"
              icon="close"
              aria-label="Dismiss"
              onClick={() => announcements.dismiss(toast.id)}
            />
          </div>
        ))}
      </section>
    </>
  );
}
