import { Fragment } from "react";
import { Icon } from "../../../components/icon";
import type { CoverageRow } from "../artifact/trace";
import { useMore } from "../parts/text-list";
import { Untrusted, UntrustedCode } from "../text/untrusted";
import "./coverage-matrix.css";

/** So that one requirement with all the tasks does not fill the page. */
const MOST_NAMES = 24;

const STATUS: Readonly<Record<string, { readonly name: string; readonly tone: string }>> = {
  fully_covered: { name: "Covered", tone: "good" },
  partially_covered: { name: "In part", tone: "wait" },
  not_covered: { name: "Not covered", tone: "bad" },
};

/** Each requirement, followed through design and tasks. */
export function CoverageMatrix({ rows }: { rows: readonly CoverageRow[] }) {
  const { limit, more } = useMore(rows.length, 100);
  return (
    <>
      <div className="table-scroll" role="region" aria-label="Coverage" tabIndex={0}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Requirement</th>
              <th scope="col">Design</th>
              <th scope="col">Tasks</th>
              <th scope="col">Tickets</th>
              <th scope="col">Coverage</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, limit).map((row, index) => (
              <tr key={index}>
                <th scope="row">
                  <UntrustedCode text={row.id} />{" "}
                  <Untrusted text={row.title} kind="prose" max={200} />
                </th>
                <Names names={row.components} />
                <Names names={row.tasks} />
                <Names names={row.tickets} />
                <td>
                  <Status status={row.status} />
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

function Names({ names }: { names: readonly string[] }) {
  if (names.length === 0) {
    return (
      <td>
        <None />
      </td>
    );
  }
  const shown = names.slice(0, MOST_NAMES);
  const others = names.length - shown.length;
  return (
    <td>
      {shown.map((name, index) => (
        <Fragment key={index}>
          <span className="coverage-name">
            <Untrusted text={name} />
            {index < names.length - 1 && ","}
          </span>{" "}
        </Fragment>
      ))}
      {others > 0 && `and ${others} more`}
    </td>
  );
}

function None() {
  return (
    <span className="muted">
      <span aria-hidden="true">–</span>
      <span className="visually-hidden">none</span>
    </span>
  );
}

function Status({ status }: { status: string }) {
  const { name, tone } = STATUS[status] ?? { name: status, tone: "wait" };
  return (
    <span className="check-result" data-tone={tone}>
      <Icon name={tone === "good" ? "check" : "alert"} size={14} />
      {name}
    </span>
  );
}
