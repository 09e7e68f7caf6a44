import type { Task } from "../artifact/tasks";

export const SORT_KEYS = ["id", "title", "ticket", "kind", "priority", "hours", "wave"] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Sorting {
  readonly key: SortKey;
  readonly descending: boolean;
}

const PRIORITIES = ["CRITICAL", "HIGH", "MEDIUM", "LOW"];

function rank(priority: string): number {
  const at = PRIORITIES.indexOf(priority);
  return at < 0 ? PRIORITIES.length : at;
}

/** `tasks` in the order asked for; those that are equal keep theirs. Numbers in ids count as numbers. */
export function sortTasks(
  tasks: readonly Task[],
  { key, descending }: Sorting,
  wave: ReadonlyMap<string, number>,
): Task[] {
  const text = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const compare = (a: Task, b: Task): number => {
    switch (key) {
      case "hours":
        return a.hours - b.hours;
      case "priority":
        return rank(a.priority) - rank(b.priority);
      case "wave":
        return (wave.get(a.id) ?? 0) - (wave.get(b.id) ?? 0);
      case "id":
      case "title":
      case "ticket":
      case "kind":
        return text.compare(a[key].slice(0, 500), b[key].slice(0, 500));
    }
  };
  return [...tasks].sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
}

/** Another column sorts upwards, the same one the other way round. */
export function nextSorting(sorting: Sorting, key: SortKey): Sorting {
  return { key, descending: sorting.key === key && !sorting.descending };
}
