import { useSpecEvents } from "@spec/client/react";
import { useMemo, useState } from "react";
import { ErrorState } from "../../../components/error-state";
import { plural } from "../format/plural";
import { ConnectionLabel } from "./connection-label";
import { FilterBar } from "./filter-bar";
import { SHOW_ALL, filterLines } from "./filter";
import { timelineLines } from "./lines";
import { TimelineList } from "./timeline-list";
import "./timeline.css";

/** What the agent does, as it happens. */
export function Timeline({ id }: { id: string }) {
  const { events, connection, error } = useSpecEvents(id);
  const [filter, setFilter] = useState(SHOW_ALL);
  const lines = useMemo(() => timelineLines(events), [events]);
  const shown = useMemo(() => filterLines(lines, filter), [lines, filter]);
  return (
    <section className="timeline" aria-labelledby="timeline-title">
      <div className="timeline-head">
        <h2 id="timeline-title">Timeline</h2>
        <ConnectionLabel connection={connection} />
      </div>
      <FilterBar filter={filter} onChange={setFilter} />
      {error && events.length === 0 ? (
        <ErrorState error={error} />
      ) : shown.length === 0 ? (
        <p className="timeline-empty muted">
          {lines.length === 0
            ? "Nothing has happened yet."
            : `Nothing of this kind among ${plural(lines.length, "line")}.`}
        </p>
      ) : (
        <TimelineList lines={shown} />
      )}
    </section>
  );
}
