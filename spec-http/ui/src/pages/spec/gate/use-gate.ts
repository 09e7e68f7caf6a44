import { ApiProblem, type Phase } from "@spec/client";
import { useApprove, usePhase, useRequestChanges } from "@spec/client/react";
import { useEffect, useState } from "react";
import { useAction } from "../actions/use-action";

type Waiting = NonNullable<NonNullable<ReturnType<typeof usePhase>["data"]>["artifact"]>;

export type GateState = ReturnType<typeof useGate>;

/**
 * What waits for approval. `seen` is what the reader was shown, and only that can be approved; when
 * the server has something newer, `newer` holds it until the reader asks for it. A version that the
 * reader wants changed waits no more, although the page may never see the spec without one that waits.
 */
export function useGate(id: string, phase: Phase, version: number) {
  const query = usePhase(id, phase);
  const [answered, setAnswered] = useState(0);
  const artifact = query.data?.artifact ?? null;
  // What is in the cache may be older than what waits.
  const waits = artifact !== null && artifact.version >= version && artifact.version > answered;
  const latest = waits ? artifact : null;
  const [seen, setSeen] = useState<Waiting | null>(null);
  const { isFetching } = query;

  // What was kept from before may be the version that somebody had redone.
  useEffect(() => {
    if (!seen && latest && !isFetching) setSeen(latest);
  }, [seen, latest, isFetching]);

  const approve = useAction(useApprove(id), { inline: true });
  const request = useAction(useRequestChanges(id), { inline: true });
  const refused = [approve.error, request.error].some(
    (error) => error instanceof ApiProblem && error.status === 412,
  );
  const newer = latest && seen && latest.content_hash !== seen.content_hash ? latest : null;

  return {
    seen,
    newer,
    /** What was seen is no longer what waits. */
    outdated: newer !== null || refused,
    approve,
    request: {
      ...request,
      /** What comes next is what the reader has asked for, so it is shown at once. */
      run(body: Parameters<typeof request.run>[0], done: () => void) {
        request.run(body, () => {
          if (seen) setAnswered(seen.version);
          setSeen(null);
          done();
        });
      },
    },
    showNewer: () => {
      if (newer) setSeen(newer);
      approve.reset();
      request.reset();
    },
  };
}
