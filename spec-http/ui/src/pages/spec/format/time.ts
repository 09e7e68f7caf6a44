const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** The time of day, to the second. */
export function formatClock(at: string): string {
  const time = Date.parse(at);
  return Number.isNaN(time) ? at : CLOCK.format(time);
}

/** Date and time, to the minute. */
export function formatMoment(at: string): string {
  const time = Date.parse(at);
  return Number.isNaN(time) ? at : MOMENT.format(time);
}
