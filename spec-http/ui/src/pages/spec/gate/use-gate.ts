import { ApiProblem, type Phase } from "@spec/client";
import { useApprove, usePhase, useRequestChanges } from "@spec/client/react";
import { useEffect, useState } from "react";
import { useAction } from "../actions/use-action";

type Waiting = NonNullable<NonNullable<ReturnType<typeof usePhase>["data"]>["artifact"]>;

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
  const latest =
    artifact && artifact.version >= version && artifact.version > answered ? artifact : null;
  const [seen, setSeen] = useState<Waiting | null>(latest);
  const shown = seen ?? latest;

  useEffect(() => {
    if (!seen && latest) setSeen(latest);
  }, [seen, latest]);

  const approve = useAction(useApprove(id), { inline: true });
  const request = useAction(useRequestChanges(id), { inline: true });
  const outdated = [approve.error, request.error].some(
    (error) => error instanceof ApiProblem && error.status === 412,
  );
  const newer = latest && shown && latest.content_hash !== shown.content_hash ? latest : null;

  return {
    query,
    seen: shown,
    newer,
    outdated,
    approve,
    request: {
      ...request,
      /** What comes next is what the reader has asked for, so it is shown at once. */
      run(body: Parameters<typeof request.run>[0], done: () => void) {
        request.run(body, () => {
          if (shown) setAnswered(shown.version);
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
