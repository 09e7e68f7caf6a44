import { useQueryClient, type DefaultOptions } from "@tanstack/react-query";
import { ApiProblem } from "../errors.js";

type RetryRule = NonNullable<NonNullable<DefaultOptions["queries"]>["retry"]>;

const MAX_RETRIES = 3;

/** Repeats a read only where that may help; what the page has configured goes before. */
export function useRetryRule(): RetryRule {
  return useQueryClient().getDefaultOptions().queries?.retry ?? mayHelp;
}

function mayHelp(failures: number, error: Error): boolean {
  if (failures >= MAX_RETRIES) return false;
  if (!(error instanceof ApiProblem)) return true;
  return error.status === 408 || error.status === 429 || error.status >= 500;
}
