export interface GraphTask {
  readonly id: string;
  readonly hours: number;
  readonly dependsOn: readonly string[];
}

export interface Edge {
  readonly from: string;
  readonly to: string;
  /** It closes a cycle, and was left out of the order. */
  readonly cyclic: boolean;
}

export interface Order {
  /** Task ids, wave after wave. */
  readonly waves: readonly (readonly string[])[];
  readonly edges: readonly Edge[];
  readonly criticalPath: readonly string[];
  readonly criticalPathHours: number;
}

/**
 * Puts tasks into waves: each task one wave after the last of those it waits for. Dependencies on
 * unknown tasks and repeated ids are left out; an edge that closes a cycle is kept, marked, and does
 * not count. Takes time in proportion to tasks and edges, and never recurses.
 */
export function orderTasks(tasks: readonly GraphTask[]): Order {
  const byId = new Map<string, GraphTask>();
  for (const task of tasks) if (!byId.has(task.id)) byId.set(task.id, task);
  const before = new Map<string, string[]>();
  for (const [id, task] of byId) {
    before.set(
      id,
      [...new Set(task.dependsOn)].filter((other) => byId.has(other)),
    );
  }
  const { sorted, closing } = topological(before);
  const edges: Edge[] = [];
  const wave = new Map<string, number>();
  const hours = new Map<string, number>();
  const via = new Map<string, string>();
  for (const id of sorted) {
    let level = 0;
    let longest = 0;
    for (const from of before.get(id) ?? []) {
      const cyclic = closing.has(edgeKey(from, id));
      edges.push({ from, to: id, cyclic });
      if (cyclic) continue;
      level = Math.max(level, (wave.get(from) ?? 0) + 1);
      const until = hours.get(from) ?? 0;
      if (until > longest || !via.has(id)) {
        longest = Math.max(longest, until);
        via.set(id, from);
      }
    }
    wave.set(id, level);
    hours.set(id, longest + Math.max(0, byId.get(id)?.hours ?? 0));
  }
  return { waves: wavesOf([...byId.keys()], wave), edges, ...longestChain(hours, via) };
}

function edgeKey(from: string, to: string): string {
  return JSON.stringify([from, to]);
}

/** Every task after those it waits for, and the edges that had to be ignored for that. */
function topological(before: ReadonlyMap<string, readonly string[]>) {
  const sorted: string[] = [];
  const closing = new Set<string>();
  const state = new Map<string, "open" | "done">();
  for (const root of before.keys()) {
    if (state.has(root)) continue;
    const stack = [{ id: root, next: 0 }];
    state.set(root, "open");
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const other = before.get(top.id)?.[top.next];
      top.next += 1;
      if (other === undefined) {
        state.set(top.id, "done");
        sorted.push(top.id);
        stack.pop();
      } else if (state.get(other) === "open") {
        closing.add(edgeKey(other, top.id));
      } else if (!state.has(other)) {
        state.set(other, "open");
        stack.push({ id: other, next: 0 });
      }
    }
  }
  return { sorted, closing };
}

function wavesOf(ids: readonly string[], wave: ReadonlyMap<string, number>): string[][] {
  const waves: string[][] = [];
  for (const id of ids) (waves[wave.get(id) ?? 0] ??= []).push(id);
  return waves;
}

function longestChain(hours: ReadonlyMap<string, number>, via: ReadonlyMap<string, string>) {
  let last: string | undefined;
  for (const [id, until] of hours) {
    if (last === undefined || until > (hours.get(last) ?? 0)) last = id;
  }
  const criticalPathHours = last === undefined ? 0 : (hours.get(last) ?? 0);
  const criticalPath: string[] = [];
  for (let id = last; id !== undefined; id = via.get(id)) criticalPath.push(id);
  return { criticalPath: criticalPath.reverse(), criticalPathHours };
}
