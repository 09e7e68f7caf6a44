import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import type { Task } from "../artifact/tasks";
import { formatHours } from "../format/duration";
import { cut, visibleText } from "../text/visible";
import { NODE_HEIGHT, NODE_WIDTH, type Place, edgePath, layoutOrder } from "./layout";
import type { Order } from "./order";
import { neighbour } from "./neighbour";
import "./graph.css";

/** Which task waits for which, wave after wave. The arrow keys lead from task to task. */
export function TaskGraph({
  tasks,
  order,
  critical,
}: {
  tasks: readonly Task[];
  order: Order;
  critical: readonly string[];
}) {
  const layout = useMemo(() => layoutOrder(order), [order]);
  const byId = useMemo(() => new Map(tasks.map((task) => [task.id, task])), [tasks]);
  const [at, setAt] = useState<string | null>(null);
  const nodes = useRef(new Map<string, SVGGElement>());
  const places = [...layout.places.values()];
  const path = new Set(critical);
  const steps = new Set(critical.map((id, index) => `${critical[index - 1]}\n${id}`));
  const focused = at !== null && layout.places.has(at) ? at : (places[0]?.id ?? null);

  const move = (event: KeyboardEvent, from: Place) => {
    const next = neighbour(places, from, event.key);
    if (!next) return;
    event.preventDefault();
    setAt(next.id);
    nodes.current.get(next.id)?.focus();
  };

  return (
    <div className="graph">
      <svg
        className="graph-drawing"
        role="group"
        aria-label="Dependencies of the tasks"
        width={layout.width}
        height={layout.height}
        viewBox={`0 0 ${layout.width} ${layout.height}`}
      >
        <g aria-hidden="true">
          {order.edges.map(({ from, to, cyclic }, index) => {
            const [start, end] = [layout.places.get(from), layout.places.get(to)];
            return (
              start &&
              end && (
                <path
                  key={index}
                  className="graph-edge"
                  d={edgePath(start, end)}
                  data-critical={steps.has(`${from}\n${to}`) || undefined}
                  data-cyclic={cyclic || undefined}
                  data-near={(at !== null && (from === at || to === at)) || undefined}
                />
              )
            );
          })}
        </g>
        {places.map((place) => {
          const task = byId.get(place.id);
          return (
            task && (
              <g
                key={place.id}
                ref={(node) => {
                  if (node) nodes.current.set(place.id, node);
                  else nodes.current.delete(place.id);
                }}
                className="graph-node"
                role="img"
                tabIndex={place.id === focused ? 0 : -1}
                aria-label={nodeLabel(task, place.wave, path.has(task.id))}
                data-critical={path.has(place.id) || undefined}
                transform={`translate(${place.x} ${place.y})`}
                onFocus={() => setAt(place.id)}
                onKeyDown={(event) => move(event, place)}
              >
                <rect width={NODE_WIDTH} height={NODE_HEIGHT} rx="8" />
                <text x="10" y="20" className="graph-id">
                  {shorten(task.id, 15)}
                </text>
                <text x={NODE_WIDTH - 10} y="20" textAnchor="end" className="graph-hours">
                  {formatHours(task.hours)}
                </text>
                {/* An inner drawing shows nothing beyond its edges, however wide the font is. */}
                <svg x="10" y="24" width={NODE_WIDTH - 16} height={NODE_HEIGHT - 24}>
                  <text y="15" className="graph-title">
                    {shorten(task.title, 22)}
                  </text>
                </svg>
              </g>
            )
          );
        })}
      </svg>
    </div>
  );
}

function shorten(text: string, max: number): string {
  const shown = cut(text, max);
  return visibleText(shown) + (shown.length < text.length ? "…" : "");
}

function nodeLabel(task: Task, wave: number, critical: boolean): string {
  const waits =
    task.dependsOn.length > 0 ? `waits for ${task.dependsOn.join(", ")}` : "waits for none";
  const said = [
    `${task.id}: ${shorten(task.title, 120)}`,
    formatHours(task.hours),
    `wave ${wave + 1}`,
    waits,
  ];
  if (critical) said.push("on the critical path");
  return visibleText(cut(said.join("; "), 600), "prose");
}
