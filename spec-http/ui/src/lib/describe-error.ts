import { ApiProblem, ConnectionError } from "@spec/client";

export interface ErrorDescription {
  title: string;
  detail?: string;
  requestId?: string;
  /** The same request may do better later. */
  repeatable: boolean;
}

/** What a person is told of an error. */
export function describeError(error: unknown): ErrorDescription {
  if (error instanceof ConnectionError) {
    return {
      title: "The server cannot be reached",
      detail: "Check your connection and try again.",
      repeatable: true,
    };
  }
  if (error instanceof ApiProblem) {
    return {
      title: titleOf(error),
      ...(error.detail && error.detail !== error.title ? { detail: error.detail } : {}),
      ...(error.requestId ? { requestId: error.requestId } : {}),
      repeatable: error.status === 408 || error.status === 429 || error.status >= 500,
    };
  }
  return {
    title: "Something went wrong in this page",
    detail: error instanceof Error ? error.message : String(error),
    repeatable: true,
  };
}

function titleOf(problem: ApiProblem): string {
  switch (problem.status) {
    case 401:
      return "You are not signed in";
    case 403:
      return "You may not do that";
    case 404:
      return "There is nothing here, or it is not yours to see";
    case 429:
      return problem.retryAfterSeconds === undefined
        ? "Too many requests"
        : `Too many requests; try again in ${problem.retryAfterSeconds} s`;
    default:
      return problem.title || `The server answered ${problem.status}`;
  }
}
