import { Link } from "wouter";
import { Button } from "../../components/button";
import { PhaseDots } from "../../components/phase-dots";
import { StatusBadge } from "../../components/status-badge";
import { Time } from "../../components/time";
import { useLiveSpecs } from "../../lib/use-live-specs";

const shownAtMost = 6;

/** The newest specs. Nothing at all while there are none: the prompt is what matters. */
export function RecentSpecs() {
  const query = useLiveSpecs({ limit: shownAtMost });
  const specs = query.data?.pages[0]?.specs ?? [];

  if (query.isError && specs.length === 0) {
    return (
      <section className="recent" aria-label="Recent specs">
        <p className="recent-error muted" role="alert">
          Recent specs could not be loaded.
          <Button
            size="s"
            icon="retry"
            busy={query.isFetching}
            onClick={() => void query.refetch()}
          >
            Try again
          </Button>
        </p>
      </section>
    );
  }
  if (specs.length === 0) return null;
  return (
    <section className="recent" aria-labelledby="recent-title">
      <div className="recent-head">
        <h2 id="recent-title">Recent</h2>
        <Link href="/specs">All specs</Link>
      </div>
      <ul className="recent-list">
        {specs.map((spec) => (
          <li key={spec.id} className="recent-item">
            <Link href={`/specs/${spec.id}`} className="recent-link">
              {spec.title}
            </Link>
            <span className="recent-facts">
              <PhaseDots spec={spec} />
              <StatusBadge status={spec.status} />
              <span className="recent-time muted">
                <Time at={spec.created_at} />
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
