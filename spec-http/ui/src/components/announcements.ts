export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "bad";
}

interface Shown {
  spoken: string;
  toasts: readonly Toast[];
}

const shownFor = 7_000;
const atMost = 3;

let shown: Shown = { spoken: "", toasts: [] };
let lastId = 0;
const listeners = new Set<() => void>();
const timers = new Map<number, ReturnType<typeof setTimeout>>();

function show(next: Shown): void {
  shown = next;
  for (const listener of listeners) listener();
}

function hold(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
}

function dismiss(id: number): void {
  hold(id);
  show({ ...shown, toasts: shown.toasts.filter((toast) => toast.id !== id) });
}

function release(id: number): void {
  hold(id);
  timers.set(
    id,
    setTimeout(() => dismiss(id), shownFor),
  );
}

export const announcements = {
  current: (): Shown => shown,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  dismiss,
  hold,
  release,
};

/** Is spoken by screen readers and not shown. */
export function announce(text: string): void {
  // A live region that is given the text it has says nothing.
  show({ ...shown, spoken: text === shown.spoken ? `${text}\u00a0` : text });
}

/** Is shown in a corner for some seconds, and spoken. */
export function toast(text: string, tone: Toast["tone"] = "plain"): void {
  lastId += 1;
  const toasts = [...shown.toasts, { id: lastId, text, tone }];
  for (const old of toasts.slice(0, -atMost)) hold(old.id);
  show({ ...shown, toasts: toasts.slice(-atMost) });
  release(lastId);
}
