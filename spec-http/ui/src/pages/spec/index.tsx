import { useSpec } from "@spec/client/react";
import { ErrorState } from "../../components/error-state";
import { Loading } from "../../components/loading";
import { PageTitle } from "../../components/page-title";
import { SpecView } from "./spec-view";

export default function SpecPage({ id }: { id: string }) {
  const query = useSpec(id);
  if (query.data) return <SpecView spec={query.data} />;
  return (
    <div className="page">
      <PageTitle documentTitle="Spec" className="visually-hidden">
        Spec
      </PageTitle>
      {query.isError ? (
        <ErrorState
          error={query.error}
          busy={query.isFetching}
          onRetry={() => void query.refetch()}
        />
      ) : (
        <Loading label="Loading the spec" />
      )}
    </div>
  );
}
