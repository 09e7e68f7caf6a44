const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (count: number) => String(count).padStart(2, "0");

/** A span of time for people; the two largest units that matter. Negative spans count as none. */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds) || milliseconds < 0) return "0 s";
  if (milliseconds < 10 * SECOND && milliseconds % SECOND !== 0) {
    return `${(Math.floor(milliseconds / 100) / 10).toFixed(1)} s`;
  }
  const total = Math.floor(milliseconds / SECOND) * SECOND;
  if (total < MINUTE) return `${total / SECOND} s`;
  if (total < HOUR) return `${Math.floor(total / MINUTE)} min ${two((total % MINUTE) / SECOND)} s`;
  if (total < DAY) {
    return `${Math.floor(total / HOUR)} h ${two(Math.floor((total % HOUR) / MINUTE))} min`;
  }
  return `${Math.floor(total / DAY)} d ${Math.floor((total % DAY) / HOUR)} h`;
}

/** Hours of work, as estimates have them. */
export function formatHours(hours: number): string {
  if (!Number.isFinite(hours) || hours < 0) return "–";
  return `${Number(hours.toFixed(2))} h`;
}

/** From `start` to `end`, or to `now` while there is no end; `null` when it has not begun. */
export function elapsed(
  start: string | null | undefined,
  end: string | null | undefined,
  now: number,
): number | null {
  const from = start ? Date.parse(start) : NaN;
  if (Number.isNaN(from)) return null;
  const to = end ? Date.parse(end) : now;
  return Number.isNaN(to) ? null : Math.max(0, to - from);
}
