import { absoluteTime, relativeTime } from "../lib/relative-time";
import { useNow } from "../lib/use-now";

/** How long ago something was; the exact time is its title. */
export function Time({ at }: { at: string }) {
  const now = useNow();
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{at}</span>;
  // A clock that is behind the server's must not show the future.
  const shown = new Date(Math.max(now, date.getTime()));
  return (
    <time dateTime={date.toISOString()} title={absoluteTime(date)}>
      {relativeTime(date, shown)}
    </time>
  );
}
