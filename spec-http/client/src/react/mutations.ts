import { useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import type { SpecClient } from "../client.js";
import type {
  BudgetBody,
  CancelBody,
  Phase,
  QuickTaskBody,
  RequestChangesBody,
  RetryBody,
  Spec,
} from "../types.js";
import { specKeys } from "./keys.js";
import { useSpecClient } from "./provider.js";

type OfPhase<T> = T & { phase: Phase };

/** Approves what a phase has produced. */
export const useApprove = (id: string) =>
  useCommand(id, (client, { phase, content_hash }: OfPhase<{ content_hash: string }>) =>
    client.approvePhase(id, phase, { content_hash }),
  );

/** Asks for changes to what a phase has produced. */
export const useRequestChanges = (id: string) =>
  useCommand(id, (client, { phase, ...body }: OfPhase<RequestChangesBody>) =>
    client.requestChanges(id, phase, body),
  );

/** Starts a draft. */
export const useExecute = (id: string) => useCommand<void>(id, (client) => client.executeSpec(id));

/** Stops a spec for good. */
export const useCancel = (id: string) =>
  useCommand(id, (client, body: CancelBody | void) => client.cancelSpec(id, body ?? {}));

/** Stops a spec for now. */
export const usePause = (id: string) => useCommand<void>(id, (client) => client.pauseSpec(id));

export const useResume = (id: string) => useCommand<void>(id, (client) => client.resumeSpec(id));

/** Does a phase again, and after it those that build on it. */
export const useRetry = (id: string) =>
  useCommand(id, (client, body: RetryBody | void) => client.retrySpec(id, body ?? {}));

/** Puts a spec away. */
export const useArchive = (id: string) => useCommand<void>(id, (client) => client.archiveSpec(id));

/** Changes what the agents of a spec may consume. */
export const useSetBudget = (id: string) =>
  useCommand(id, (client, body: BudgetBody) => client.setBudget(id, body));

/** Makes a task without a spec, where the server can. */
export function useQuickTask() {
  const client = useSpecClient();
  return useMutation({ mutationFn: (body: QuickTaskBody) => client.createQuickTask(body) });
}

/** A command that answers with the spec as it is then. */
function useCommand<V>(id: string, command: (client: SpecClient, variables: V) => Promise<Spec>) {
  const client = useSpecClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (variables: V) => command(client, variables),
    onSuccess: (spec) => putSpec(queries, id, spec),
  });
}

/** Shows what the server answered, and has all else that is shown of the spec read again. */
async function putSpec(queries: QueryClient, id: string, spec: Spec): Promise<void> {
  const queryKey = specKeys.detail(id);
  // A read that began before the command would show the spec as it was.
  await queries.cancelQueries({ queryKey });
  queries.setQueryData<Spec>(queryKey, (known) =>
    known !== undefined && known.revision > spec.revision ? known : spec,
  );
  const [, , , detail] = queryKey;
  void queries.invalidateQueries({
    queryKey: specKeys.spec(id),
    predicate: ({ queryKey: [, , , part] }) => part !== detail,
  });
  void queries.invalidateQueries({ queryKey: specKeys.lists() });
}
