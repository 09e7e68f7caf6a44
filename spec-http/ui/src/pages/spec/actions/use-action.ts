import { ApiProblem } from "@spec/client";
import { type UseMutationResult, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { toast } from "../../../components/announcements";
import { describeError } from "../../../lib/describe-error";

export interface Action<V> {
  /** Does nothing while it is under way. */
  run: (variables: V, done?: () => void) => void;
  busy: boolean;
  error: unknown;
  reset: () => void;
}

/** True when the server has moved on from what this page shows. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 409 || error.status === 412);
}

export function errorText(error: unknown): string {
  const { title, detail } = describeError(error);
  const said = detail ? `${title}: ${detail}` : title;
  return isConflict(error) ? `${said} The page now shows how things stand.` : said;
}

/** A command that runs once at a time; after a conflict the page is brought up to date. */
export function useAction<V>(
  mutation: UseMutationResult<unknown, Error, V>,
  { inline = false, done: told }: { inline?: boolean; done?: string } = {},
): Action<V> {
  const queries = useQueryClient();
  const underWay = useRef(false);
  return {
    busy: mutation.isPending,
    error: mutation.error,
    reset: mutation.reset,
    run(variables, done) {
      if (underWay.current) return;
      underWay.current = true;
      mutation.mutate(variables, {
        onSuccess: () => {
          if (told) toast(told);
          done?.();
        },
        onError: (error) => {
          if (isConflict(error)) void queries.invalidateQueries();
          if (!inline) toast(errorText(error), "bad");
        },
        onSettled: () => {
          underWay.current = false;
        },
      });
    },
  };
}
