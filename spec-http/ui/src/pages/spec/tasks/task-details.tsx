import type { ReactNode } from "react";
import type { Task } from "../artifact/tasks";
import { TextList } from "../parts/text-list";
import { Prose } from "../text/prose";
import { Untrusted, UntrustedCode } from "../text/untrusted";

/** A task's title; what else is known of it unfolds. */
export function TaskDetails({ task }: { task: Task }) {
  return (
    <details className="task-details">
      <summary dir="auto">
        <Untrusted text={task.title} kind="prose" max={300} />
      </summary>
      <div className="task-more">
        {task.description && <Prose text={task.description} />}
        <Part name="Acceptance criteria" items={task.criteria}>
          <TextList items={task.criteria} />
        </Part>
        <Part name="New files" items={task.creates}>
          <Paths paths={task.creates} />
        </Part>
        <Part name="Changed files" items={task.modifies}>
          <Paths paths={task.modifies} />
        </Part>
        <Part name="Waits for" items={task.dependsOn}>
          <Paths paths={task.dependsOn} />
        </Part>
        <Part name="Serves" items={task.requirements}>
          <Paths paths={task.requirements} />
        </Part>
      </div>
    </details>
  );
}

function Part({
  name,
  items,
  children,
}: {
  name: string;
  items: readonly string[];
  children: ReactNode;
}) {
  if (items.length === 0) return null;
  return (
    <div>
      <p className="card-label">{name}</p>
      {children}
    </div>
  );
}

function Paths({ paths }: { paths: readonly string[] }) {
  return (
    <ul className="task-paths">
      {paths.map((path, index) => (
        <li key={index}>
          <UntrustedCode text={path} />
        </li>
      ))}
    </ul>
  );
}
