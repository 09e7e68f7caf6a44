import { useSyncExternalStore } from "react";
import { Icon } from "./icon";
import "./offline-banner.css";

function subscribe(listener: () => void): () => void {
  addEventListener("online", listener);
  addEventListener("offline", listener);
  return () => {
    removeEventListener("online", listener);
    removeEventListener("offline", listener);
  };
}

const onThisMachine = /^(localhost|127\.0\.0\.1|\[::1\])$/u.test(location.hostname);

/** Says that what is shown may be old; a server on this machine is reached without a network. */
export function OfflineBanner() {
  const online = useSyncExternalStore(subscribe, () => onThisMachine || navigator.onLine);
  return (
    <div role="status">
      {!online && (
        <p className="offline-banner">
          <Icon name="offline" size={18} />
          You are offline. What you see may be out of date; what you type is kept.
        </p>
      )}
    </div>
  );
}
