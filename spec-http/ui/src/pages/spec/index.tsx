import { useSpec } from "@spec/client/react";
import { ErrorState } from "../../components/error-state";
import { Loading } from "../../components/loading";
import { PageTitle } from "../../components/page-title";
import { StatusBadge } from "../../components/status-badge";

export default function SpecPage({ id }: { id: string }) {
  const spec = useSpec(id);
  return (
    <div className="page">
      {spec.data ? (
        <>
          <PageTitle documentTitle={spec.data.title}>{spec.data.title}</PageTitle>
          <StatusBadge status={spec.data.status} />
        </>
      ) : spec.error ? (
        <ErrorState error={spec.error} onRetry={() => void spec.refetch()} busy={spec.isFetching} />
      ) : (
        <Loading />
      )}
    </div>
  );
}
