import type { SpecItem } from "@spec/client";
import { useProjects } from "@spec/client/react";
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { announce } from "../../components/announcements";
import { Button } from "../../components/button";
import { EmptyState } from "../../components/empty-state";
import { ErrorState } from "../../components/error-state";
import { Loading } from "../../components/loading";
import { PageTitle } from "../../components/page-title";
import { useLiveSpecs } from "../../lib/use-live-specs";
import { ArchiveDialog } from "./archive-dialog";
import { FilterBar } from "./filter-bar";
import { isNarrowed, type Filters } from "./query";
import { SpecTable } from "./spec-table";
import { useFilters } from "./use-filters";
import "./specs.css";

const pageSize = 25;

export default function SpecsPage() {
  const [filters, change] = useFilters();
  return (
    <div className="page specs">
      <div className="specs-head">
        <PageTitle documentTitle="All specs">All specs</PageTitle>
        <Link href="/" className="button button-primary button-m">
          New spec
        </Link>
      </div>
      <FilterBar filters={filters} onChange={change} />
      <SpecList
        filters={filters}
        onClear={() => change({ project: null, status: null, search: "" })}
      />
    </div>
  );
}

function SpecList({ filters, onClear }: { filters: Filters; onClear: () => void }) {
  const projects = useProjects();
  const [archiving, setArchiving] = useState<SpecItem | null>(null);
  const query = useLiveSpecs({
    limit: pageSize,
    ...(filters.project === null ? {} : { project_id: filters.project }),
    ...(filters.status === null ? {} : { status: filters.status }),
    ...(filters.search.trim() === "" ? {} : { search: filters.search.trim() }),
    ...(filters.archived ? { include_archived: true } : {}),
  });
  // While other filters are being answered, the list stays as it was.
  const last = useRef(query.data);
  if (query.data) last.current = query.data;
  const data = query.data ?? (query.isPending ? last.current : undefined);
  const specs = data?.pages.flatMap((page) => page.specs);
  useSpokenCount(specs?.length, query.hasNextPage);

  const projectName = (id: string) =>
    projects.data?.projects.find((project) => project.id === id)?.name ?? id;

  if (!specs) {
    if (!query.error) return <Loading label="Loading specs" />;
    return (
      <ErrorState
        error={query.error}
        busy={query.isFetching}
        onRetry={() => void query.refetch()}
      />
    );
  }
  if (specs.length === 0) {
    return isNarrowed(filters) ? (
      <EmptyState
        icon="search"
        title="No spec matches"
        action={<Button onClick={onClear}>Clear the filters</Button>}
      >
        Nothing has this title, project and status.
      </EmptyState>
    ) : (
      <EmptyState
        title="No specs yet"
        action={
          <Link href="/" className="button button-plain button-m">
            Start the first
          </Link>
        }
      >
        Describe what you want to build, and watch it become a plan.
      </EmptyState>
    );
  }
  return (
    <>
      {query.error && (
        <p className="specs-stale" role="alert">
          This list could not be refreshed and may be out of date.
          <Button size="s" icon="retry" onClick={() => void query.refetch()}>
            Try again
          </Button>
        </p>
      )}
      <SpecTable specs={specs} projectName={projectName} onArchive={setArchiving} />
      {query.hasNextPage && (
        <div className="specs-more">
          <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Load more
          </Button>
        </div>
      )}
      {archiving && (
        <ArchiveDialog key={archiving.id} spec={archiving} onClose={() => setArchiving(null)} />
      )}
    </>
  );
}

/** Tells those who do not see the list how long it has become. */
function useSpokenCount(count: number | undefined, more: boolean): void {
  const before = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (count === undefined) return;
    if (before.current !== undefined && before.current !== count) {
      announce(`${count} ${count === 1 ? "spec" : "specs"} shown${more ? ", more to load" : ""}`);
    }
    before.current = count;
  }, [count, more]);
}
