import type { Order } from "./order";

export const NODE_WIDTH = 176;
export const NODE_HEIGHT = 52;
const COLUMN_GAP = 56;
const ROW_GAP = 14;
const MARGIN = 12;

export interface Place {
  readonly id: string;
  readonly wave: number;
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  readonly width: number;
  readonly height: number;
}

/** One column per wave; within a column, tasks stand near those they wait for. */
export function layoutOrder(order: Order): Layout {
  const before = new Map<string, string[]>();
  for (const { from, to, cyclic } of order.edges) {
    if (!cyclic) before.set(to, [...(before.get(to) ?? []), from]);
  }
  const places = new Map<string, Place>();
  const tallest = Math.max(1, ...order.waves.map((wave) => wave.length));
  order.waves.forEach((ids, wave) => {
    const sorted = ids
      .map((id, index) => ({ id, index, at: middle(before.get(id) ?? [], places) }))
      .sort((a, b) => a.at - b.at || a.index - b.index);
    const top = MARGIN + ((tallest - ids.length) * (NODE_HEIGHT + ROW_GAP)) / 2;
    sorted.forEach(({ id }, row) => {
      const x = MARGIN + wave * (NODE_WIDTH + COLUMN_GAP);
      places.set(id, { id, wave, x, y: top + row * (NODE_HEIGHT + ROW_GAP) });
    });
  });
  const columns = Math.max(1, order.waves.length);
  return {
    places,
    width: 2 * MARGIN + columns * NODE_WIDTH + (columns - 1) * COLUMN_GAP,
    height: 2 * MARGIN + tallest * NODE_HEIGHT + (tallest - 1) * ROW_GAP,
  };
}

function middle(before: readonly string[], places: ReadonlyMap<string, Place>): number {
  const heights = before.flatMap((id) => places.get(id)?.y ?? []);
  return heights.length === 0
    ? Number.MAX_SAFE_INTEGER
    : heights.reduce((sum, y) => sum + y, 0) / heights.length;
}

/** A curve from the right side of one node to the left side of another. */
export function edgePath(from: Place, to: Place): string {
  const x1 = from.x + NODE_WIDTH;
  const y1 = from.y + NODE_HEIGHT / 2;
  const x2 = to.x;
  const y2 = to.y + NODE_HEIGHT / 2;
  const bend = Math.max(24, Math.abs(x2 - x1) / 2);
  return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}
