import type { Finding } from "@spec/client";
import { useMemo, useState } from "react";
import type { Task } from "../artifact/tasks";
import { formatHours } from "../format/duration";
import { FindingsBeside } from "../parts/beside";
import { Priority, named } from "../parts/priority";
import { useMore } from "../parts/text-list";
import { Untrusted, UntrustedCode } from "../text/untrusted";
import { SORT_KEYS, type SortKey, type Sorting, nextSorting, sortTasks } from "./sort";
import { TaskDetails } from "./task-details";

const COLUMNS: Readonly<Record<SortKey, string>> = {
  id: "Task",
  title: "Title",
  ticket: "Ticket",
  kind: "Kind",
  priority: "Priority",
  hours: "Hours",
  wave: "Wave",
};

export function TaskTable({
  tasks,
  waves,
  critical,
  findings,
}: {
  tasks: readonly Task[];
  waves: readonly (readonly string[])[];
  critical: ReadonlySet<string>;
  findings: readonly Finding[];
}) {
  const [sorting, setSorting] = useState<Sorting>({ key: "wave", descending: false });
  const wave = useMemo(
    () => new Map(waves.flatMap((ids, index) => ids.map((id) => [id, index + 1] as const))),
    [waves],
  );
  const sorted = useMemo(() => sortTasks(tasks, sorting, wave), [tasks, sorting, wave]);
  const place = useMemo(() => new Map(tasks.map((task, index) => [task, index])), [tasks]);
  const { limit, more } = useMore(sorted.length, 100);
  return (
    <>
      <div className="table-scroll" role="region" aria-label="Tasks" tabIndex={0}>
        <table className="table task-table">
          <thead>
            <tr>
              {SORT_KEYS.map((key) => (
                <SortHeader
                  key={key}
                  of={key}
                  sorting={sorting}
                  onSort={() => setSorting(nextSorting(sorting, key))}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.slice(0, limit).map((task) => (
              <tr key={place.get(task)} data-critical={critical.has(task.id) || undefined}>
                <td>
                  <UntrustedCode text={task.id} />
                </td>
                <th scope="row">
                  <TaskDetails task={task} />
                  <FindingsBeside findings={findings} pointer={`/tasks/${place.get(task)}`} />
                </th>
                <td>
                  <UntrustedCode text={task.ticket} />
                </td>
                <td>
                  <Untrusted text={named(task.kind)} max={60} />
                </td>
                <td>
                  <Priority priority={task.priority} />
                </td>
                <td className="number">{formatHours(task.hours)}</td>
                <td className="number">
                  {wave.get(task.id)}
                  {critical.has(task.id) && (
                    <span className="visually-hidden">, critical path</span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more}
    </>
  );
}

function SortHeader({
  of,
  sorting,
  onSort,
}: {
  of: SortKey;
  sorting: Sorting;
  onSort: () => void;
}) {
  const sorted = sorting.key === of;
  const order = sorting.descending ? "descending" : "ascending";
  const numeric = of === "hours" || of === "wave";
  return (
    <th
      scope="col"
      className={numeric ? "number" : undefined}
      aria-sort={sorted ? order : undefined}
    >
      <button type="button" className="sort-button" onClick={onSort}>
        {COLUMNS[of]}
        <span aria-hidden="true">{sorted ? (sorting.descending ? " ↓" : " ↑") : ""}</span>
      </button>
    </th>
  );
}
