import { ApiProblem } from "@spec/client";

export interface FieldErrors {
  idea?: string;
  project?: string;
  agent?: string;
  gates?: string;
  /** What belongs to no field that is on the page. */
  rest: string[];
}

/** Sorts what is wrong with a request to the fields of the page that it was made from. */
export function fieldErrors(error: unknown): FieldErrors {
  const errors: FieldErrors = { rest: [] };
  if (!(error instanceof ApiProblem)) return errors;
  for (const { field, detail } of error.fields) {
    const name = nameOf(field);
    if (name === null) errors.rest.push(`${field} ${detail}`);
    else errors[name] = sentence(name, field, detail);
  }
  return errors;
}

type Name = Exclude<keyof FieldErrors, "rest">;

function nameOf(field: string): Name | null {
  if (field === "title" || field === "description") return "idea";
  if (field === "project_id") return "project";
  if (field === "policy.agent" || field === "agent") return "agent";
  if (field === "policy.gates" || field.startsWith("policy.gates.")) return "gates";
  return null;
}

const subjects: Record<Name, string> = {
  idea: "Your idea",
  project: "The project",
  agent: "The agent",
  gates: "The review",
};

function sentence(name: Name, field: string, detail: string): string {
  const subject = field === "title" ? "The first line of your idea" : subjects[name];
  return `${subject} ${detail}${/[.!?]$/u.test(detail) ? "" : "."}`;
}
