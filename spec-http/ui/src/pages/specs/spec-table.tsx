import type { SpecItem } from "@spec/client";
import { Link } from "wouter";
import { Button } from "../../components/button";
import { PhaseDots } from "../../components/phase-dots";
import { StatusBadge } from "../../components/status-badge";
import { Time } from "../../components/time";

/** A table that is laid out as cards where it is narrow; the roles keep it a table for screen readers then. */
export function SpecTable({
  specs,
  projectName,
  onArchive,
}: {
  specs: readonly SpecItem[];
  projectName: (id: string) => string;
  onArchive: (spec: SpecItem) => void;
}) {
  return (
    <table className="specs-table" role="table" aria-label="Specs">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            Title
          </th>
          <th role="columnheader" scope="col">
            Project
          </th>
          <th role="columnheader" scope="col">
            Status
          </th>
          <th role="columnheader" scope="col">
            Progress
          </th>
          <th role="columnheader" scope="col">
            Changed
          </th>
          <th role="columnheader" scope="col">
            <span className="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {specs.map((spec) => (
          <tr key={spec.id} role="row" data-archived={spec.archived_at !== null || undefined}>
            <td role="cell" className="specs-title">
              <Link href={`/specs/${spec.id}`}>{spec.title}</Link>
            </td>
            <td role="cell" className="specs-project muted">
              {projectName(spec.project_id)}
            </td>
            <td role="cell" className="specs-status">
              <StatusBadge status={spec.status} />
            </td>
            <td role="cell" className="specs-progress">
              <PhaseDots spec={spec} />
              <span className="muted">{spec.percent}%</span>
            </td>
            <td role="cell" className="specs-time muted">
              <Time at={spec.updated_at} />
            </td>
            <td role="cell" className="specs-actions">
              {spec.archived_at === null ? (
                <Button
                  tone="quiet"
                  size="s"
                  icon="archive"
                  title="Archive"
                  aria-label={`Archive ${spec.title}`}
                  onClick={() => onArchive(spec)}
                />
              ) : (
                <span className="muted">Archived</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
